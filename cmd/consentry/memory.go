package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// frugalLimit is what Go's memory is kept below while it can be: with some 15 MB of pages of the program itself, a process
	// of less than 40 MB.
	frugalLimit = 24 << 20
	// frugalLive is where that ends: with more than this in use, the collector would do little but run.
	frugalLive = 20 << 20
)

// frugal has the garbage collector start earlier than it does by itself, which lets the heap grow to twice of what is in
// use. Almost every file needs a few megabytes; one that needs more than frugalLive gets the collector's usual manner.
// A limit that was set from outside (GOMEMLIMIT) stands.
func frugal() {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	debug.SetMemoryLimit(frugalLimit)
	afterCollection(func() (again bool) {
		if liveHeap() < frugalLive {
			return true
		}
		debug.SetMemoryLimit(math.MaxInt64)
		return false
	})
}

// afterCollection calls f after each run of the garbage collector for as long as it returns true.
func afterCollection(f func() bool) {
	runtime.SetFinalizer(new([2]*int), func(*[2]*int) {
		if f() {
			afterCollection(f)
		}
	})
}

// liveHeap is how many bytes the last run of the garbage collector found in use.
func liveHeap() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return math.MaxUint64
	}
	return s[0].Value.Uint64()
}
