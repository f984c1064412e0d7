// What C++ programs need of start-up code: static constructors in order, destructors at exit,
// thread-local objects, exceptions through libraries, threads, streams, locales, dlopen().
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <future>
#include <iostream>
#include <locale>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>

namespace {

struct Noisy {
	explicit Noisy(const char *n) : name(n) { std::cout << "construct " << name << '\n'; }
	~Noisy() { std::cout << "destroy " << name << '\n'; }
	const char *name;
};

Noisy global("global");
const std::map<std::string, int> table = {{"one", 1}, {"two", 2}};
thread_local std::unique_ptr<int> local = std::make_unique<int>(7);
const std::string from_environment = std::getenv("LC_ALL") ? std::getenv("LC_ALL") : "unset";

__attribute__((constructor)) void early()
{
	std::printf("constructor function\n");
}

void start()
{
	static Noisy inside("static local");
	std::atexit([] { std::printf("atexit\n"); });
	std::cout << table.size() << ' ' << *local << ' ' << from_environment << '\n';
}

void exceptions()
{
	try {
		try {
			throw std::out_of_range("range");
		} catch (const std::logic_error &e) {
			std::cout << "caught " << e.what() << ' ' << typeid(e).name() << '\n';
			std::throw_with_nested(std::runtime_error("outer"));
		}
	} catch (const std::exception &e) {
		std::cout << "nested " << e.what() << '\n';
	}
	try {
		std::string().at(3);
	} catch (const std::out_of_range &) {
		std::cout << "from libstdc++\n";
	}
	try {
		std::vector<int> v(static_cast<size_t>(-1) / 8);
	} catch (const std::exception &e) {
		std::cout << e.what() << '\n';
	}
}

void threads()
{
	std::atomic<int> sum{0};
	std::vector<std::thread> list;
	std::promise<int> promise;

	for (int i = 0; i < 8; i++)
		list.emplace_back([&, i] { sum += *local + i; *local = i; });
	for (auto &thread : list)
		thread.join();
	std::thread([&] {
		try {
			throw 5;
		} catch (...) {
			promise.set_exception(std::current_exception());
		}
	}).detach();
	try {
		promise.get_future().get();
	} catch (int n) {
		std::cout << "thrown in a thread: " << n << '\n';
	}
	std::cout << sum << ' ' << *local << ' ' << std::async(std::launch::async, [] { return 6; }).get() << '\n';
}

int plugin(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW);
	if (!handle) {
		std::cout << dlerror() << '\n';
		return 1;
	}
	auto run = reinterpret_cast<int (*)(int)>(dlsym(handle, "plugin_run"));
	try {
		std::cout << run(1) << ' ' << run(2) << '\n';
		run(-1);
	} catch (const std::invalid_argument &e) {
		std::cout << "from the plugin: " << e.what() << '\n';
	}
	std::thread([&] { std::cout << "in a thread: " << run(1) << '\n'; }).join();
	return dlclose(handle);
}

void locale()
{
	std::locale::global(std::locale(""));
	std::cout << std::locale().name() << ' ' << 1234567.5 << '\n';
	try {
		std::locale("nonsense");
	} catch (const std::runtime_error &e) {
		std::cout << e.what() << '\n';
	}
}

} // namespace

int main(int argc, char **argv)
{
	const std::string what = argc > 1 ? argv[1] : "";

	if (what == "start")
		start();
	else if (what == "exceptions")
		exceptions();
	else if (what == "threads")
		threads();
	else if (what == "plugin")
		return plugin(argv[2]);
	else if (what == "locale")
		locale();
	else if (what == "uncaught")
		throw std::runtime_error("nobody catches this");
	else if (what == "exit")
		std::exit(9);
	else if (what == "stream")
		for (int n; std::cin >> n;)
			std::cout << n * n << '\n';
	return std::cout.flush() ? 0 : 3;
}
