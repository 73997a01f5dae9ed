//go:build cgo && !noffmpeg

package ffmpeg

import (
	"testing"
	"unsafe"
)

func TestView(t *testing.T) {
	mem := []byte("AAAA..BBBB..CCCC..")
	var flip []byte
	got, stride, ok := view(unsafe.Pointer(&mem[0]), 6, 4, 3, &flip)
	if !ok || stride != 6 || string(got) != "AAAA..BBBB..CCCC" {
		t.Errorf("top-down: %q, %d, %v", got, stride, ok)
	}
	got, stride, ok = view(unsafe.Pointer(&mem[12]), -6, 4, 3, &flip)
	if !ok || stride != 4 || string(got) != "CCCCBBBBAAAA" {
		t.Errorf("bottom-up: %q, %d, %v", got, stride, ok)
	}
	if _, _, ok := view(unsafe.Pointer(&mem[0]), 3, 4, 3, &flip); ok {
		t.Error("rows that overlap are taken")
	}
	if _, _, ok := view(nil, 6, 4, 3, &flip); ok {
		t.Error("no plane is taken")
	}
	if _, _, ok := view(unsafe.Pointer(&mem[0]), 6, 4, 0, &flip); ok {
		t.Error("no rows are taken")
	}
}

func TestTargetFormat(t *testing.T) {
	for want, l := range map[string]layout{
		"yuv420p":     {depth: 8, chromaX: 1, chromaY: 1},
		"yuv420p10le": {depth: 10, chromaX: 1, chromaY: 1},
		"yuv422p12le": {depth: 16, chromaX: 1},
		"yuv444p":     {depth: 8, rgb: true},
		"yuv444p10le": {depth: 9, rgb: true},
		"gray":        {depth: 1, grey: true},
		"gray12le":    {depth: 16, grey: true},
		"yuv411p":     {depth: 8, chromaX: 2},
		"yuv410p":     {depth: 8, chromaX: 2, chromaY: 2},
		"yuv444p12le": {depth: 12, chromaY: 1},
	} {
		if got := targetFormat(l); got != want {
			t.Errorf("%+v becomes %s, want %s", l, got, want)
		}
	}
}
