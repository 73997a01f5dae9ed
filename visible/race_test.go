//go:build race

package visible_test

// raced says that the race detector is on, under which arithmetic takes many times as long: a few pictures will do, as
// the tests look at all of them without it.
const raced = true
