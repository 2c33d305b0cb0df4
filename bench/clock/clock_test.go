package clock

import (
	"runtime"
	"testing"
	"time"
)

func TestAThreadsTimeIsPartOfTheProcessesAndGoesOnly(t *testing.T) {
	if CPU() == 0 || Thread() == 0 {
		t.Skip("no CPU times on this system")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	process, thread := CPU(), Thread()
	for begin := time.Now(); time.Since(begin) < 5*time.Millisecond; {
		continue
	}
	thread, process = Thread()-thread, CPU()-process
	if thread <= 0 || process < thread {
		t.Errorf("%d ns of the thread, %d of the process", thread, process)
	}
	slept := Thread()
	time.Sleep(20 * time.Millisecond)
	if slept = Thread() - slept; slept > int64(10*time.Millisecond) {
		t.Errorf("asleep for %d ns of CPU time", slept)
	}
}
