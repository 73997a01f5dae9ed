package main

import (
	"fmt"
	"math"

	"github.com/consentry/consentry/voice"
)

// sample is a window of the half that is fitted to.
type sample struct {
	x      []float64
	y, how float64 // 1: speech; the weight
}

const terms = 2*len(voice.Features{}) + 1

// fitted fits a logistic regression over the features and their squares, by gradient descent, and prints it.
// Speech and other sound weigh the same, and so do the clips of a kind; a kind counts by the
// root of their number.
func fitted(clips []clip) {
	var list []sample
	sum := [2]float64{}
	of := map[string]int{} // clips by kind
	for i := range clips {
		if !clips[i].held() {
			of[clips[i].kind()]++
		}
	}
	for i := range clips {
		c := &clips[i]
		if c.held() {
			continue
		}
		all, _ := listen(c)
		for _, w := range all {
			// Silence has no features, and what is silence for the most part is no pattern of speech.
			if w.Features == (voice.Features{}) || c.speech && w.Features[voice.Active] < 0.25 {
				continue
			}
			s := sample{x: expand(&w.Features, nil, nil), how: 1 / float64(len(all)) / math.Sqrt(float64(of[c.kind()]))}
			if c.speech {
				s.y = 1
			}
			sum[int(s.y)] += s.how
			list = append(list, s)
		}
	}
	mean, scale := make([]float64, len(voice.Features{})), make([]float64, len(voice.Features{}))
	for i := range mean {
		for _, s := range list {
			mean[i] += s.x[i] / float64(len(list))
		}
		for _, s := range list {
			scale[i] += (s.x[i] - mean[i]) * (s.x[i] - mean[i]) / float64(len(list))
		}
		scale[i] = math.Sqrt(scale[i]) + 1e-9
	}
	for n := range list {
		f := voice.Features(list[n].x[:len(mean)])
		list[n].x = expand(&f, mean, scale)
		list[n].how /= sum[int(list[n].y)]
	}
	w := descend(list)
	fmt.Println("mean   ", mean)
	fmt.Println("scale  ", scale)
	fmt.Println("weights", w)
}

// expand gives the terms of the regression: the features, brought to one scale, their squares, and 1.
func expand(f *voice.Features, mean, scale []float64) []float64 {
	out := make([]float64, 0, terms)
	for i, v := range f {
		if mean != nil {
			v = max(min((v-mean[i])/scale[i], 3), -3)
		}
		out = append(out, v)
	}
	for _, v := range out[:len(f)] {
		out = append(out, v*v)
	}
	return append(out, 1)
}

func logistic(w, x []float64) float64 {
	sum := 0.0
	for i := range w {
		sum += w[i] * x[i]
	}
	return 1 / (1 + math.Exp(-sum))
}

func descend(list []sample) []float64 {
	w, speed := make([]float64, terms), make([]float64, terms)
	for range 3000 {
		grad := make([]float64, terms)
		for _, s := range list {
			d := (logistic(w, s.x) - s.y) * s.how
			for i, x := range s.x {
				grad[i] += d * x
			}
		}
		for i := range w {
			speed[i] = 0.9*speed[i] - 0.1*(grad[i]+0.0005*w[i])
			w[i] += speed[i]
		}
	}
	return w
}
