package main

import (
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// collectUntil runs the collector until the condition holds: what comes after a collection runs on another goroutine.
func collectUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal(what)
		}
		runtime.GC()
	}
}

func TestTheMemoryLimitEndsWhereMoreIsInUse(t *testing.T) {
	if os.Getenv("CONSENTRY_TEST_ALONE") == "" { // what other tests hold counts as in use
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		alone := exec.Command(exe, "-test.run", "^"+t.Name()+"$")
		alone.Env = append(os.Environ(), "CONSENTRY_TEST_ALONE=1")
		if out, err := alone.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	defer debug.SetGCPercent(debug.SetGCPercent(usualPercent))
	frugal()
	if got := debug.SetMemoryLimit(-1); got != idleLimit {
		t.Fatalf("limit %d, expected %d", got, int64(idleLimit))
	}
	if got := debug.SetGCPercent(-1); got != -1 {
		t.Fatalf("the collector runs at %d percent before the limit", got)
	}
	collectUntil(t, "the first limit still stands", func() bool { return debug.SetMemoryLimit(-1) == frugalLimit })
	if got := debug.SetGCPercent(usualPercent); got != usualPercent {
		t.Fatalf("the collector runs at %d percent after the first limit", got)
	}
	some := make([]byte, (frugalMuch+frugalLive)/2)
	collectUntil(t, "the limit is the one of little in use", func() bool { return debug.SetMemoryLimit(-1) == frugalMost })
	runtime.KeepAlive(some)
	held := make([]byte, 2*frugalLive)
	collectUntil(t, "the limit still stands", func() bool { return debug.SetMemoryLimit(-1) == math.MaxInt64 })
	runtime.KeepAlive(held)
}

func TestAMemoryLimitFromOutsideStands(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 40))
	frugal()
	if got := debug.SetMemoryLimit(-1); got != 1<<40 {
		t.Errorf("limit %d", got)
	}
	debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	frugal()
	if got := debug.SetGCPercent(50); got != 50 {
		t.Errorf("the collector runs at %d percent", got)
	}
}

func TestWorkAfterEachCollection(t *testing.T) {
	calls := make(chan int, 10)
	n := 0
	afterCollection(func() bool { n++; calls <- n; return n < 3 })
	collectUntil(t, "not called three times", func() bool { return len(calls) == 3 })
}
