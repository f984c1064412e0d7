/* Resource limits, scheduling, affinity. */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reporter.h"

/* The kernel's struct of sched_getattr(2), which glibc 2.36 does not declare. */
struct attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static void report_scheduling(void)
{
	struct attributes a = {0};
	struct sched_param param = {0};
	cpu_set_t cpus;

	sched_getparam(0, &param);
	report("nice", "%d", getpriority(PRIO_PROCESS, 0));
	report("scheduler", "%d, priority %d", sched_getscheduler(0), param.sched_priority);
	if (syscall(SYS_sched_getattr, 0, &a, sizeof a, 0) == 0)
		report("sched_getattr", "policy %u flags %#llx nice %d priority %u util %u %u",
		       a.policy, (unsigned long long)a.flags, a.nice, a.priority, a.util_min,
		       a.util_max);
	report("ioprio", "%ld", syscall(SYS_ioprio_get, 1, 0));
	sched_getaffinity(0, sizeof cpus, &cpus);
	report("affinity count", "%d", CPU_COUNT(&cpus));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, &cpus))
			report("affinity", "%d", cpu);
	report("timer slack", "%d", prctl(PR_GET_TIMERSLACK));
}

void report_limits(void)
{
	for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
		struct rlimit limit;
		char key[32];

		snprintf(key, sizeof key, "limit %d", resource);
		if (getrlimit((__rlimit_resource_t)resource, &limit) == 0)
			report(key, "%llu %llu", (unsigned long long)limit.rlim_cur,
			       (unsigned long long)limit.rlim_max);
	}
	report_scheduling();
}
