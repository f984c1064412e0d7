// Exceptions thrown through frames, across threads, and caught again.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

namespace {
int unwound;

struct counter {
	~counter()
	{
		unwound++;
	}
};

void deep(int depth)
{
	counter c;

	if (depth == 0)
		throw std::runtime_error("deep enough");
	deep(depth - 1);
}
}

int main()
{
	std::exception_ptr passed;

	try {
		deep(20);
	} catch (const std::exception &e) {
		std::printf("caught %s, %d unwound\n", e.what(), unwound);
	}
	std::thread([&] {
		try {
			std::system("exit 3");
			deep(3);
		} catch (...) {
			passed = std::current_exception();
		}
	}).join();
	try {
		std::rethrow_exception(passed);
	} catch (const std::runtime_error &e) {
		std::printf("from the thread: %s, %d unwound\n", e.what(), unwound);
	}
	return 5;
}
