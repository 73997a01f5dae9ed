// Command detector is an example of an external detector: a program that verify --detector runs. It looks for a mark that
// lightens and darkens the cells of an 8×8 grid by the bits of a key, and it gives a bound on its own false alarms that
// anybody can check. docs/guides/detector.md is the protocol.
//
//	go build -o mydetector ./examples/detector
//	consentry verify --detector ./mydetector clip.mp4
//	consentry conformance detector ./mydetector
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

const (
	alg   = "com.example.grid.1"
	key   = "the key of the example"
	side  = 8           // cells across and down
	cells = side * side // bits of the mark
	most  = 1e-6        // the bound from which it speaks
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err) // what stands here first is in the report
		os.Exit(1)                   // and this is never "not found"
	}
}

// line is what comes in: the beginning, frames, the end.
type line struct {
	Type   string `json:"type"`
	Planes []struct {
		Width, Height int
	} `json:"planes"`
	Bytes int64 `json:"bytes"`
}

func run(in io.Reader, out io.Writer) error {
	say := json.NewEncoder(out)
	err := say.Encode(map[string]any{
		"type": "hello", "protocol": "consentry.detector/1", "name": "example", "version": "1", "algs": []string{alg},
		"wants":   map[string]any{"planes": []string{"y"}, "frames": "keys", "maxSide": 256},
		"network": false, "falsePositiveRate": most,
	})
	if err != nil {
		return err
	}
	var mean [cells]float64
	shown, frames := 0, 0 // frames that came; those that are large enough
	r := bufio.NewReaderSize(in, 1<<20)
	for {
		text, err := r.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("reading a line: %w", err) // also where the input ends too early
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return err
		}
		switch l.Type {
		case "frame":
			if len(l.Planes) != 1 || l.Bytes != int64(l.Planes[0].Width)*int64(l.Planes[0].Height) || l.Bytes > 256*256 {
				return errors.New("this is no frame that was asked for")
			}
			pixels := make([]byte, l.Bytes)
			if _, err := io.ReadFull(r, pixels); err != nil {
				return err
			}
			shown++
			if add(&mean, pixels, l.Planes[0].Width, l.Planes[0].Height) {
				frames++
			}
		case "end":
			if bound, strength := judge(&mean); frames > 0 && bound <= most {
				signs := sha256.Sum256([]byte(key))
				if err := say.Encode(map[string]any{
					"type": "finding", "claim": "mark-present", "alg": alg, "message": hex.EncodeToString(signs[:side]), "subject": "Example Ltd",
					"statistic": strength, "threshold": math.Sqrt(-2 * math.Log(most)), "falsePositiveBound": max(bound, 1e-300), "tries": 1,
				}); err != nil {
					return err
				}
			}
			return say.Encode(map[string]any{"type": "done", "frames": shown})
		}
	}
}

// add adds the means of the cells of a picture, less those of their neighbours to the left and the right: what changes
// slowly across a picture is not the mark. It is false for pictures that are too small.
func add(mean *[cells]float64, pixels []byte, width, height int) bool {
	if width < 2*side || height < 2*side {
		return false
	}
	var of [cells]float64
	for c := range cells {
		x0, x1 := c%side*width/side, (c%side+1)*width/side
		y0, y1 := c/side*height/side, (c/side+1)*height/side
		sum := 0
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				sum += int(pixels[y*width+x])
			}
		}
		of[c] = float64(sum) / float64((x1-x0)*(y1-y0))
	}
	for c := range cells {
		left, right := c, c
		if c%side > 0 {
			left--
		}
		if c%side < side-1 {
			right++
		}
		mean[c] += of[c] - (of[left]+of[right])/2
	}
	return true
}

// judge is the probability, at most, that cells of a picture without the mark go as well with the key's bits: had the
// bits been drawn by fair coins, Hoeffding's inequality gives exp(−t²/2) for a sum of t times the length.
func judge(mean *[cells]float64) (bound, strength float64) {
	bits := sha256.Sum256([]byte(key))
	var sum, square float64
	for c, v := range mean {
		sign := 1.0
		if bits[c/8]>>(c%8)&1 == 0 {
			sign = -1
		}
		sum += sign * v
		square += v * v
	}
	if square == 0 || sum <= 0 {
		return 1, 0
	}
	strength = sum / math.Sqrt(square)
	return math.Exp(-strength * strength / 2), strength
}
