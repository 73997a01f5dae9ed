//go:build !race

package visible_test

const raced = false
