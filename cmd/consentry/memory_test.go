package main

import (
	"math"
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
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	frugal()
	if got := debug.SetMemoryLimit(-1); got != frugalLimit {
		t.Fatalf("limit %d, expected %d", got, int64(frugalLimit))
	}
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
}

func TestWorkAfterEachCollection(t *testing.T) {
	calls := make(chan int, 10)
	n := 0
	afterCollection(func() bool { n++; calls <- n; return n < 3 })
	collectUntil(t, "not called three times", func() bool { return len(calls) == 3 })
}
