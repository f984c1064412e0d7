// With -DLIBRARY a library that throws through the frames of others; else a program that catches.
// Both have objects of static storage that say when they come and go.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>

struct Said {
	const char *name;
	explicit Said(const char *n) : name(n)
	{
		std::printf("%s comes\n", name);
	}
	~Said()
	{
		std::printf("%s goes\n", name);
	}
};

void throw_it(int kind, void (*between)(void));
const std::type_info &type_of_library();

#ifdef LIBRARY

static std::string text = std::string(100, 'x') + " built before main";
static std::vector<int> numbers(1000, 7);
static thread_local std::string of_thread = "of the thread";

struct Own : std::runtime_error {
	using std::runtime_error::runtime_error;
};

const std::type_info &type_of_library()
{
	return typeid(Own);
}

void throw_it(int kind, void (*between)(void))
{
	Said const local("a local of the library");

	between();
	if (kind == 0)
		throw Own(text + of_thread);
	if (kind == 1)
		throw 42;
	std::vector<int>().at(numbers[5]);
}

#else

#include "tell.h"

static Said early("a static of the program");

static void nothing()
{
}

int main()
{
	static Said late("a static of main");

	tell((const void *)nothing);
	for (int kind = 0; kind < 3; kind++) {
		try {
			throw_it(kind, nothing);
		} catch (const std::runtime_error &e) {
			std::printf("runtime_error: %s\n", e.what());
		} catch (const std::exception &e) {
			std::printf("exception: %s\n", e.what());
		} catch (int n) {
			std::printf("%d\n", n);
		}
	}
	std::thread([] {
		try {
			throw_it(0, nothing);
		} catch (const std::exception &e) {
			std::printf("in a thread: %s\n", e.what());
		}
	}).join();
	std::printf("%s\n", type_of_library().name());
	return 4;
}

#endif
