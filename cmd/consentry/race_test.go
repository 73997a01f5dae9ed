//go:build race

package main

// raced says that the race detector is on, under which arithmetic takes many times as long.
const raced = true
