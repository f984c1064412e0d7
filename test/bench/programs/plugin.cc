// What cxx.cc loads.
#include <cstdio>
#include <stdexcept>

namespace {
struct Noisy {
	Noisy() { std::printf("plugin loaded\n"); }
	~Noisy() { std::printf("plugin unloaded\n"); }
} noisy;
thread_local int calls;
} // namespace

extern "C" int plugin_run(int n)
{
	if (n < 0)
		throw std::invalid_argument("negative");
	calls += n;
	return calls;
}
