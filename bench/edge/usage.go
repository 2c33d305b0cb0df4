package edge

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// usage reads a process's CPU time from /proc. Where the kernel counts each
// thread's time in nanoseconds (schedstat) that is used; elsewhere the clock
// ticks of stat, which are a hundredth of a second and need longer rounds.
type usage struct {
	root    string   // /proc/PID
	workers []string // the threads that serve requests, their /proc folders; none if unknown
}

// sample is the state of the counters, in nanoseconds.
type sample struct {
	cpu  int64 // all threads
	busy int64 // the workers' mean: running or waiting for a CPU; 0 where unknown
}

// workerName is what Envoy calls the threads of its workers, a number behind it.
const workerName = "wrk:worker_"

func newUsage(pid int) *usage {
	u := &usage{root: filepath.Join("/proc", strconv.Itoa(pid))}
	for _, task := range u.tasks() {
		name, err := os.ReadFile(filepath.Join(task, "comm"))
		if err == nil && strings.HasPrefix(string(name), workerName) {
			u.workers = append(u.workers, task)
		}
	}
	return u
}

func (u *usage) tasks() []string {
	tasks, _ := filepath.Glob(filepath.Join(u.root, "task", "*")) // a constant pattern
	return tasks
}

func (u *usage) read() sample {
	var s sample
	known := false
	for _, task := range u.tasks() {
		text, err := os.ReadFile(filepath.Join(task, "schedstat"))
		if err != nil {
			continue // a thread that has just ended
		}
		run, wait, ok := parseSchedstat(string(text))
		if !ok {
			continue
		}
		known = true
		s.cpu += run
		if slices.Contains(u.workers, task) {
			s.busy += (run + wait) / int64(len(u.workers))
		}
	}
	if known {
		return s
	}
	text, err := os.ReadFile(filepath.Join(u.root, "stat"))
	if err != nil {
		return sample{}
	}
	return sample{cpu: parseStat(string(text))}
}

// parseSchedstat reads "RUN WAIT SLICES": nanoseconds on a CPU, nanoseconds
// waiting for one.
func parseSchedstat(text string) (run, wait int64, ok bool) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return 0, 0, false
	}
	run, err1 := strconv.ParseInt(fields[0], 10, 64)
	wait, err2 := strconv.ParseInt(fields[1], 10, 64)
	return run, wait, err1 == nil && err2 == nil
}

// userTicks is USER_HZ, the unit of the times in /proc: 100 on every Linux that
// Envoy is built for.
const userTicks = 100

// parseStat returns user and system time from a /proc/PID/stat text, in nanoseconds;
// 0 for what is none. The command's name may hold anything, so counting starts
// behind its closing parenthesis.
func parseStat(text string) int64 {
	at := strings.LastIndexByte(text, ')')
	if at < 0 {
		return 0
	}
	fields := strings.Fields(text[at+1:])
	if len(fields) < 13 {
		return 0
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return (user + system) * (1e9 / userTicks)
}
