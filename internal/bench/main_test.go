package main

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	got := split([]string{"a", "-b", "--", "c"})
	if len(got) != 2 || !slices.Equal(got[0], []string{"a", "-b"}) || !slices.Equal(got[1], []string{"c"}) {
		t.Errorf("%q", got)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		walls []float64
		want  float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 100}, 3.5}} {
		var of []sample
		for _, w := range c.walls {
			of = append(of, sample{wall: w})
		}
		if got := median(of, func(i int) float64 { return of[i].wall }); got != c.want {
			t.Errorf("%v: %v, expected %v", c.walls, got, c.want)
		}
	}
}

func TestMeasure(t *testing.T) {
	if s, err := measure([]string{"sh", "-c", "exit 1"}); err != nil || s.wall <= 0 || s.mb <= 0 {
		t.Errorf("a command that answers no: %+v, %v", s, err)
	}
	for name, c := range map[string][]string{"not there": {"/nonexistent"}, "killed": {"sh", "-c", "kill -9 $$"}, "empty": nil} {
		if _, err := measure(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestVerdict(t *testing.T) {
	for got, want := range map[string]string{
		verdict(2, 0, "%.1f"): "", verdict(1, 1, "%.1f"): " [<= 1.0: yes]", verdict(1.1, 1, "%.1f"): " [<= 1.0: NO]",
	} {
		if got != want {
			t.Errorf("%q, expected %q", got, want)
		}
	}
}
