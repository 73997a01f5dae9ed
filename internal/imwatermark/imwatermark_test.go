package imwatermark_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/imwatermark"
)

const width, height = 272, 256

// picture makes what testdata/votes.py makes.
func picture(kind string) imwatermark.Picture {
	p := imwatermark.Picture{Width: width, Height: height, Pix: make([]byte, 3*width*height)}
	for y := range height {
		for x := range width {
			noise := ((x*7919 + y*104729 + x*y*31) % 65521 * 48271) % 65521
			var r, g, b int
			switch kind {
			case "flat":
				r, g, b = 90, 120, 60
			case "bars":
				r, g, b = x/20*37%256, x/20*91%256, (x/20*53+y/64*40)%256
			default:
				r, g, b = 60+x/3+noise%9, 40+y/2+noise/9%11, 200-(x+y)/5+noise/99%13
			}
			for c, v := range []int{r, g, b} {
				p.Pix[3*(y*width+x)+c] = byte(min(max(v, 0), 255))
			}
		}
	}
	return p
}

type golden struct {
	Picture, SHA256, Votes, Marked, MarkedVotes string
	Svd, Floats, Swap                           bool
	MarkedSums                                  []int
}

func message() []bool {
	bits := make([]bool, 48)
	for i := range bits {
		bits[i] = 0xB3EC907BB19E>>(47-i)&1 == 1
	}
	return bits
}

// The votes are those of the published package, bit by bit. Where a coefficient of dwtDctSvd lies on a border (a flat
// block of colours) its last bit decides, which depends on the library for linear algebra: there the vote is open.
func TestVotesAreThoseOfThePublishedPackage(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(name(g), func(t *testing.T) {
			p := picture(g.Picture)
			if sum := sha256.Sum256(p.Pix); hex.EncodeToString(sum[:]) != g.SHA256 {
				t.Fatal("the picture is another than the script's")
			}
			w := imwatermark.Way{Svd: g.Svd, Floats: g.Floats, Swap: g.Swap}
			same(t, imwatermark.Votes(p, w), g.Votes, g.Svd)
			marked := imwatermark.Mark(p, w, message(), false)
			same(t, imwatermark.Votes(marked, w), g.MarkedVotes, g.Svd)
		})
	}
}

func same(t *testing.T, got []imwatermark.Vote, want string, edges bool) {
	t.Helper()
	packed, err := hex.DecodeString(want)
	if err != nil || len(packed) != (len(got)+7)/8 {
		t.Fatalf("%d votes, %d bytes: %v", len(got), len(packed), err)
	}
	wrong := 0
	for i, v := range got {
		if one := packed[i/8]>>(7-i%8)&1 == 1; one != v.One && !(edges && v.Edge < 1e-3) {
			if wrong++; wrong < 4 {
				t.Errorf("block %d votes %v, %g from a border", i, v.One, v.Edge)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d votes differ", wrong, len(got))
	}
}

// What dwtDct writes into bytes is the published encoder's picture, byte by byte; of floats, and of dwtDctSvd, each row
// has the same sum, give or take rounding.
func TestMarkedPicturesAreThoseOfThePublishedPackage(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(name(g), func(t *testing.T) {
			marked := imwatermark.Mark(picture(g.Picture), imwatermark.Way{Svd: g.Svd, Floats: g.Floats, Swap: g.Swap}, message(), false)
			if sum := sha256.Sum256(marked.Pix); hex.EncodeToString(sum[:]) == g.Marked {
				return
			}
			if !g.Svd && !g.Floats {
				t.Error("not the published encoder's bytes")
			}
			for i, want := range g.MarkedSums {
				sum := 0
				for _, v := range marked.Pix[3*width*8*i : 3*width*(8*i+1)] {
					sum += int(v)
				}
				if d := sum - want; d < -16 || d > 16 {
					t.Fatalf("row %d: sum %d, want %d", 8*i, sum, want)
				}
			}
		})
	}
}

func goldens(t *testing.T) (out []golden) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "votes.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if len(out) != 24 {
		t.Fatalf("%d rows", len(out))
	}
	return out
}

func name(g golden) string {
	s := g.Picture + "-dct"
	if g.Svd {
		s += "-svd"
	}
	if g.Floats {
		s += "-floats"
	}
	if g.Swap {
		s += "-swapped"
	}
	return s
}
