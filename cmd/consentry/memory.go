package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// idleLimit is what Go's memory grows to before the collector runs at all: almost every file is judged with less, and
	// collecting a history of hundreds of manifests three times on the way takes a fifth of the time.
	idleLimit = 19 << 20
	// frugalLimit is what Go's memory is kept below while it can be: with some 15 MB of pages of the program itself, a process
	// of less than 40 MB.
	frugalLimit = 22 << 20
	// frugalMost is what it is kept below where there is more than frugalMuch in use: the collector would run too often.
	frugalMost = 24 << 20
	frugalMuch = 14 << 20
	// frugalLive is where that ends: with more than this in use, the collector would do little but run.
	frugalLive = 20 << 20
)

// frugal has the garbage collector start later than it does by itself, and from there on earlier than it does by itself,
// which lets the heap grow to twice of what is in use. Almost every file needs a few megabytes; one that needs more than
// frugalLive gets the collector's usual manner. What was set from outside (GOMEMLIMIT, GOGC) stands.
func frugal() {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	debug.SetMemoryLimit(idleLimit)
	percent := debug.SetGCPercent(-1)
	if percent != usualPercent {
		debug.SetGCPercent(percent)
	}
	afterCollection(func() (again bool) {
		debug.SetGCPercent(percent)
		switch live := liveHeap(); {
		case live < frugalMuch:
			debug.SetMemoryLimit(frugalLimit)
		case live < frugalLive:
			debug.SetMemoryLimit(frugalMost)
		default:
			debug.SetMemoryLimit(math.MaxInt64)
			return false
		}
		return true
	})
}

// usualPercent is how much the heap may grow by between two collections where nobody says otherwise, of what is in use.
const usualPercent = 100

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
