// Command bench runs one or two commands in turn, A B A B, and prints medians of wall time and processor time, the
// highest memory use, and the ratios of the pairs. It is the ruler of scripts/bench.sh: it knows no files and judges no
// answers, and what the commands print is dropped.
//
//	bench [-runs N] [-target RATIO] [-seconds S] [-mb M] NAME COMMAND… [-- COMMAND…]
//
// With two commands the first is what the second is held against. A ratio is the median over the pairs, so that a load
// which comes and goes meets both.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		os.Exit(2)
	}
}

// sample is one run of a command.
type sample struct {
	wall, cpu float64 // seconds
	mb        float64 // peak resident memory
}

func run() error {
	runs := flag.Int("runs", 5, "`N` pairs, after one that warms up and is not counted")
	target := flag.Float64("target", 0, "highest `ratio` that is wanted")
	seconds := flag.Float64("seconds", 0, "highest median wall `time` that is wanted of the last command")
	mb := flag.Float64("mb", 0, "highest peak memory that is wanted of the last command, in `MB`")
	flag.Parse()
	commands := split(flag.Args()[min(1, flag.NArg()):])
	if flag.NArg() < 2 || len(commands) > 2 || *runs < 1 {
		return errors.New("usage: bench [flags] NAME COMMAND… [-- COMMAND…]")
	}
	samples := make([][]sample, len(commands))
	for i := range *runs + 1 {
		for n, c := range commands {
			s, err := measure(c)
			if err != nil {
				return err
			}
			if i > 0 {
				samples[n] = append(samples[n], s)
			}
		}
	}
	last := samples[len(samples)-1]
	wall := median(last, func(i int) float64 { return last[i].wall })
	peak := 0.0
	for _, s := range last {
		peak = max(peak, s.mb)
	}
	fmt.Printf("%-34s wall %7.3f s  cpu %7.3f s  peak %5.1f MB%s", flag.Arg(0), wall, median(last, func(i int) float64 { return last[i].cpu }), peak, verdict(peak, *mb, "%.0f MB"))
	if len(samples) == 2 {
		first := samples[0]
		ratio := median(last, func(i int) float64 { return last[i].wall / first[i].wall })
		fmt.Printf("  ratio wall %.2f%s cpu %.2f  (of wall %.3f s, cpu %.3f s, peak %.1f MB)", ratio, verdict(ratio, *target, "%.2f"),
			median(last, func(i int) float64 { return last[i].cpu / max(first[i].cpu, 1e-6) }),
			median(first, func(i int) float64 { return first[i].wall }), median(first, func(i int) float64 { return first[i].cpu }),
			slices.MaxFunc(first, func(a, b sample) int { return int(a.mb - b.mb) }).mb)
	}
	fmt.Printf("%s\n", verdict(wall, *seconds, "%.3f s"))
	return nil
}

// verdict says whether a value is what was wanted; nothing where nothing was.
func verdict(got, wanted float64, form string) string {
	switch {
	case wanted == 0:
		return ""
	case got <= wanted:
		return fmt.Sprintf(" [<= "+form+": yes]", wanted)
	}
	return fmt.Sprintf(" [<= "+form+": NO]", wanted)
}

func split(args []string) [][]string {
	out := [][]string{nil}
	for _, a := range args {
		if a == "--" {
			out = append(out, nil)
			continue
		}
		out[len(out)-1] = append(out[len(out)-1], a)
	}
	return out
}

// measure runs a command. Its exit code is its own affair; a signal or a command that is not there is an error.
func measure(command []string) (sample, error) {
	if len(command) == 0 {
		return sample{}, errors.New("an empty command")
	}
	c := exec.Command(command[0], command[1:]...)
	start := time.Now()
	err := c.Run()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || exit != nil && exit.ExitCode() < 0 {
		return sample{}, fmt.Errorf("%q: %w", command, err)
	}
	s := sample{wall: wall.Seconds(), cpu: (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()}
	if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.mb = float64(u.Maxrss) / 1024 // Linux counts in KiB
	}
	return s, nil
}

func median(of []sample, value func(int) float64) float64 {
	list := make([]float64, len(of))
	for i := range of {
		list[i] = value(i)
	}
	slices.Sort(list)
	if n := len(list); n%2 == 0 {
		return (list[n/2-1] + list[n/2]) / 2
	}
	return list[len(list)/2]
}
