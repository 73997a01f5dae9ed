package build

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/forge"
)

// sparse is a file that begins with some bytes and goes on with zeroes: larger than anybody wants to write in a test.
type sparse struct {
	head []byte
	size int64
}

func (s sparse) ReadAt(p []byte, at int64) (int, error) {
	n := int(min(int64(len(p)), max(0, s.size-at)))
	clear(p)
	if at < int64(len(s.head)) {
		copy(p[:n], s.head[at:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// huge is a file whose media reach beyond 4 GiB, with all chunks at the offset.
func huge(chunk uint32) sparse {
	head := forge.Make(forge.Recipe{NoStore: true, Container: forge.Container{LargeMdat: true}}).Data
	mdat := bytes.Index(head, []byte("mdat")) - 4
	s := sparse{head: head, size: 5 << 30}
	binary.BigEndian.PutUint64(head[mdat+8:], uint64(s.size-int64(mdat)))
	for at, i := 0, 0; i >= 0; at += i + 4 {
		if i = bytes.Index(head[at:], []byte("stco")); i >= 0 {
			binary.BigEndian.PutUint32(head[at+i+12:], chunk)
		}
	}
	return s
}

func TestPlan(t *testing.T) {
	const store = 10_000
	for _, c := range []struct {
		name  string
		chunk uint32
		wide  bool
	}{
		{"chunks far below 4 GiB", 100_000, false},
		{"the last chunk that stays below 4 GiB", math.MaxUint32 - store, false},
		{"the first chunk that crosses 4 GiB", math.MaxUint32 - store + 1, true},
		{"a chunk at the end of 32 bits", math.MaxUint32, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := huge(c.chunk)
			f, err := bmff.Walk(in, in.size, bmff.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			l, err := plan(in, f, store, false)
			if err != nil {
				t.Fatal(err)
			}
			var moov []byte
			end := int64(0)
			for _, p := range l.pieces {
				if p.at != end {
					t.Errorf("%s lies at %d, want %d", p.typ, p.at, end)
				}
				end += p.size
				if p.typ == "moov" {
					moov = p.data
				}
			}
			// The movie box must still be one, with every size inside it right.
			g, err := bmff.Walk(bytes.NewReader(moov), int64(len(moov)), bmff.Limits{})
			if err != nil || len(g.Problems) > 0 || len(g.Boxes) != 1 {
				t.Fatalf("the movie box is broken: %v %v", err, g.Problems)
			}
			tables, err := chunkTables(moov)
			if err != nil || len(tables) != 2 {
				t.Fatalf("%d tables: %v", len(tables), err)
			}
			for _, tab := range tables {
				grown := int64(store)
				if c.wide {
					grown += 2 * 4 // one more word in either table
				}
				if want := int64(c.chunk) + grown; tab.wide != c.wide || tab.offsets[0] != want {
					t.Errorf("64 bits %v, offset %d; want %v, %d", tab.wide, tab.offsets[0], c.wide, want)
				}
			}
		})
	}
}

func TestPlanRefusesALargeMovieBox(t *testing.T) {
	for _, c := range []struct {
		name string
		size int64
		ok   bool
	}{{"at the limit", maxMoov, true}, {"one byte more", maxMoov + 1, false}} {
		t.Run(c.name, func(t *testing.T) {
			plain := forge.Make(forge.Recipe{NoStore: true}).Data
			at := bytes.Index(plain, []byte("moov")) - 4
			size := int64(binary.BigEndian.Uint32(plain[at:]))
			// A free box at the end of the movie box makes up the size.
			free := make([]byte, c.size-size)
			binary.BigEndian.PutUint32(free, uint32(len(free)))
			copy(free[4:], "free")
			data := append(append(bytes.Clone(plain[:at+int(size)]), free...), plain[at+int(size):]...)
			binary.BigEndian.PutUint32(data[at:], uint32(c.size))
			for from, i := 0, 0; i >= 0; from += i + 4 {
				if i = bytes.Index(data[from:], []byte("stco")); i >= 0 {
					v := data[from+i+12:]
					binary.BigEndian.PutUint32(v, binary.BigEndian.Uint32(v)+uint32(len(free)))
				}
			}
			f, err := bmff.Walk(bytes.NewReader(data), int64(len(data)), bmff.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := plan(bytes.NewReader(data), f, 1000, false); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTheMovieBoxNestsSixteenBoxes(t *testing.T) {
	for _, c := range []struct {
		levels int
		ok     bool
	}{{maxDepth, true}, {maxDepth + 1, false}, {100_000, false}} {
		var moov []byte
		for n := c.levels; n > 0; n-- {
			moov = append(binary.BigEndian.AppendUint32(moov, uint32(8*n)), "trak"...)
		}
		if _, err := chunkTables(moov); (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "nested too deep") {
			t.Errorf("%d levels: %v", c.levels, err)
		}
	}
}

func FuzzChunkTables(f *testing.F) {
	for _, c := range []forge.Container{{}, {CO64: true}, {Brand: "qt  "}, {External: "x"}, {Samples: 40}} {
		data := forge.Make(forge.Recipe{NoStore: true, Container: c}).Data
		at := bytes.Index(data, []byte("moov")) - 4
		f.Add(data[at : at+int(binary.BigEndian.Uint32(data[at:]))])
	}
	f.Fuzz(func(t *testing.T, moov []byte) {
		tables, err := chunkTables(moov)
		if err != nil {
			return
		}
		sum := 0

		for _, tab := range tables {
			sum += 4 * len(tab.offsets)
			if tab.at < 0 || tab.at+tab.size > len(moov) {
				t.Errorf("a table of %d bytes at %d in %d", tab.size, tab.at, len(moov))
			}
		}
		if sum > len(moov) {
			t.Errorf("%d bytes of offsets in %d", sum, len(moov))
		}
	})
}
