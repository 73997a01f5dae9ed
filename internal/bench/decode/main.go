//go:build cgo && linux && !noffmpeg

// Command decode decodes all frames of a video in the jail and prints how many there were and how many bytes their planes
// have: what scripts/bench.sh holds against the frame rate of the ffmpeg program. The planes are handed over and not
// looked at, as with ffmpeg's own -f null; what verify does with them is measured apart.
//
//	decode FILE
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
	"github.com/consentry/consentry/video/jail"
)

func main() {
	// The child is this very binary.
	if len(os.Args) == 2 && os.Args[1] == jail.Subcommand {
		os.Exit(jail.Serve(ffmpeg.Decoder{Threads: runtime.NumCPU()}))
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "decode: error:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: decode FILE")
	}
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	var frames, bytes int64
	var held video.Confinement
	sink := video.Sink{
		Info: func(i *video.Info) error { held = i.Confinement; return nil },
		Frame: func(f *video.Frame) error {
			frames++
			bytes += int64(len(f.Y.Data) + len(f.Cb.Data) + len(f.Cr.Data))
			return nil
		},
	}
	src := video.Source{Data: f, Size: st.Size(), Format: "mp4"}
	r, err := (&jail.Decoder{}).Decode(context.Background(), src, video.Want{Mode: video.AllFrames, Track: -1}, sink)
	if err != nil {
		return err
	}
	if r.Broken != nil || r.Frames != frames {
		return fmt.Errorf("%d of %d frames were handed over; broken: %v", frames, r.Frames, r.Broken)
	}
	fmt.Printf("%d frames, %d bytes, a process of its own: %t, no network: %t, no files: %t, few system calls: %t\n", frames, bytes, held.Process, held.Network, held.Files, held.Syscalls)
	return nil
}
