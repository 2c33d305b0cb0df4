package envoy

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// childVar makes this test binary start an Envoy, print its process id and wait.
const childVar = "POSTERN_ENVOY_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVar); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

func child(dir string) {
	e, err := Start(context.Background(), Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(e.PID())
	select {}
}

func TestKilledTestLeavesNothing(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("the child said %q", line)
	}
	if !isEnvoy(pid) {
		t.Fatalf("process %d is no running envoy", pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for deadline := time.Now().Add(30 * time.Second); isEnvoy(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("envoy, process %d, outlives the killed test", pid)
		}
	}
}

// isEnvoy says whether pid is a live process (not a zombie) that runs Envoy.
func isEnvoy(pid int) bool {
	root := filepath.Join("/proc", strconv.Itoa(pid))
	status, err := os.ReadFile(filepath.Join(root, "stat"))
	if err != nil || strings.Contains(string(status), ") Z ") {
		return false
	}
	line, err := os.ReadFile(filepath.Join(root, "cmdline"))
	return err == nil && strings.Contains(string(line), "--admin-address-path")
}
