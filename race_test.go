//go:build race

package consentry_test

// slower is how much longer everything may take under the race detector.
const slower = 10

// heavier is how much more memory everything may take under the race detector.
const heavier = 2
