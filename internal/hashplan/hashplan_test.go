package hashplan_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/hashplan"
)

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// naive computes a digest without any of the package's machinery.
func naive(data []byte, p hashplan.Plan) []byte {
	h := sha256.New()
	for _, s := range p.Steps {
		if s.Prefix >= 0 {
			var b [8]byte
			binary.BigEndian.PutUint64(b[:], uint64(s.Prefix))
			h.Write(b[:])
		}
		h.Write(data[s.Offset : s.Offset+s.Length])
	}
	return h.Sum(nil)
}

func TestSum(t *testing.T) {
	data := noise(3<<20 + 17)
	plans := map[string]func(*hashplan.Plan){
		"nothing":               func(*hashplan.Plan) {},
		"everything":            func(p *hashplan.Plan) { p.Add(0, int64(len(data))) },
		"one byte":              func(p *hashplan.Plan) { p.Add(5, 1) },
		"the last byte":         func(p *hashplan.Plan) { p.Add(int64(len(data))-1, 1) },
		"a prefix alone":        func(p *hashplan.Plan) { p.Mark(77, 77) },
		"prefixes around a gap": func(p *hashplan.Plan) { p.Mark(0, 0); p.Add(0, 100); p.Mark(200, 200); p.Add(300, 2<<20) },
		"a prefix at the end":   func(p *hashplan.Plan) { p.Add(0, 2<<20); p.Mark(9, 2<<20); p.Mark(10, 2<<20) },
		"many small ranges": func(p *hashplan.Plan) {
			for i := int64(0); i < 5000; i++ {
				p.Mark(i*600, i*600)
				p.Add(i*600, 100+i%400)
			}
		},
	}
	for name, fill := range plans {
		t.Run(name, func(t *testing.T) {
			var p hashplan.Plan
			fill(&p)
			got, err := p.Sum(context.Background(), bytes.NewReader(data), int64(len(data)), sha256.New())
			if err != nil {
				t.Fatal(err)
			}
			if want := naive(data, p); !bytes.Equal(got, want) {
				t.Errorf("digest %x, expected %x", got, want)
			}
		})
	}
}

func TestAddJoinsNeighbours(t *testing.T) {
	var p hashplan.Plan
	p.Mark(0, 0)
	p.Add(0, 10)
	p.Add(10, 5)
	p.Add(20, 0)
	p.Add(20, 5)
	want := []hashplan.Step{{Offset: 0, Length: 15, Prefix: 0}, {Offset: 20, Length: 5, Prefix: hashplan.None}}
	if !slices.Equal(p.Steps, want) {
		t.Errorf("steps %v, expected %v", p.Steps, want)
	}
	if p.Bytes() != 20 {
		t.Errorf("%d bytes, expected 20", p.Bytes())
	}
}

func TestPlansThatCannotBeRead(t *testing.T) {
	for name, steps := range map[string][]hashplan.Step{
		"behind the end":  {{Offset: 90, Length: 11, Prefix: -1}},
		"starts behind":   {{Offset: 101, Length: 0, Prefix: -1}},
		"negative length": {{Offset: 1, Length: -1, Prefix: -1}},
		"overlap":         {{Offset: 0, Length: 10, Prefix: -1}, {Offset: 9, Length: 2, Prefix: -1}},
		"descending":      {{Offset: 50, Length: 10, Prefix: -1}, {Offset: 1, Length: 2, Prefix: -1}},
		"sum overflows":   {{Offset: 50, Length: 1<<63 - 1, Prefix: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			p := hashplan.Plan{Steps: steps}
			sum, err := p.Sum(context.Background(), bytes.NewReader(make([]byte, 100)), 100, sha256.New())
			if !errors.Is(err, hashplan.ErrOrder) || sum != nil {
				t.Errorf("%x, %v; expected ErrOrder", sum, err)
			}
		})
	}
}

// broken fails, or ends early, from an offset on.
type broken struct {
	r   io.ReaderAt
	at  int64
	err error
}

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.at {
		return 0, b.err
	}
	return b.r.ReadAt(p, off)
}

func TestReadErrors(t *testing.T) {
	data := noise(2 << 20)
	odd := errors.New("odd")
	for name, c := range map[string]struct{ give, want error }{
		"disk":              {odd, odd},
		"file grew shorter": {io.EOF, io.ErrUnexpectedEOF},
	} {
		for _, size := range []int64{1000, 2 << 20} {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				var p hashplan.Plan
				p.Add(0, size)
				sum, err := p.Sum(context.Background(), broken{bytes.NewReader(data), size - 1, c.give}, int64(len(data)), sha256.New())
				if !errors.Is(err, c.want) || sum != nil {
					t.Errorf("%x, %v; expected %v", sum, err, c.want)
				}
			})
		}
	}
	t.Run("each", func(t *testing.T) {
		err := hashplan.Each(context.Background(), broken{bytes.NewReader(data), 1 << 20, odd}, int64(len(data)), 64, sha256.New, 2,
			blocks(32<<10), func(int64, []byte) error { return nil })
		if !errors.Is(err, odd) {
			t.Errorf("%v, expected %v", err, odd)
		}
	})
}

func TestCancelled(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	data := noise(2 << 20)
	for _, n := range []int64{10, 2 << 20} {
		var p hashplan.Plan
		p.Add(0, n)
		if sum, err := p.Sum(ctx, bytes.NewReader(data), int64(len(data)), sha256.New()); !errors.Is(err, context.Canceled) || sum != nil {
			t.Errorf("%d bytes: %x, %v", n, sum, err)
		}
	}
	err := hashplan.Each(ctx, bytes.NewReader(data), int64(len(data)), 64, sha256.New, 2, blocks(32<<10), func(int64, []byte) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func blocks(size int64) hashplan.Job {
	return func(i int64, buf []hashplan.Step) ([]hashplan.Step, error) {
		return append(buf, hashplan.Step{Offset: i * size, Length: size, Prefix: hashplan.None}), nil
	}
}

func TestEach(t *testing.T) {
	data := noise(3<<20 + 5)
	for _, size := range []int64{1 << 20, 256<<10 + 1, 4096, 33} {
		for _, workers := range []int{1, 3, 0} {
			t.Run(fmt.Sprintf("blocks of %d on %d", size, workers), func(t *testing.T) {
				n := (int64(len(data)) + size - 1) / size
				got := make([][]byte, n)
				job := func(i int64, buf []hashplan.Step) ([]hashplan.Step, error) {
					return append(buf, hashplan.Step{Offset: i * size, Length: min(size, int64(len(data))-i*size), Prefix: i}), nil
				}
				err := hashplan.Each(context.Background(), bytes.NewReader(data), int64(len(data)), n, sha256.New, workers, job, func(i int64, sum []byte) error {
					if got[i] != nil {
						return errors.New("done twice")
					}
					got[i] = bytes.Clone(sum)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				for i := range got {
					steps, _ := job(int64(i), nil)
					if !bytes.Equal(got[i], naive(data, hashplan.Plan{Steps: steps})) {
						t.Fatalf("digest %d differs", i)
					}
				}
			})
		}
	}
}

func TestEachEndsWithTheFirstError(t *testing.T) {
	odd := errors.New("odd")
	data := noise(1 << 20)
	err := hashplan.Each(context.Background(), bytes.NewReader(data), int64(len(data)), 1<<10, sha256.New, 2, blocks(1<<10), func(i int64, _ []byte) error {
		if i == 500 {
			return odd
		}
		return nil
	})
	if !errors.Is(err, odd) {
		t.Errorf("%v, expected %v", err, odd)
	}
	err = hashplan.Each(context.Background(), bytes.NewReader(data), int64(len(data)), 10, sha256.New, 2, blocks(1<<20), func(int64, []byte) error { return nil })
	if !errors.Is(err, hashplan.ErrOrder) {
		t.Errorf("%v, expected ErrOrder for a range behind the end", err)
	}
}

// FuzzPlan: any list of steps is refused with ErrOrder or hashes as a naive loop does.
func FuzzPlan(f *testing.F) {
	f.Add(uint16(100), []byte{0, 0, 10, 1, 5, 20})
	f.Add(uint16(0), []byte{})
	f.Add(uint16(1), []byte{1, 0, 1, 0, 0, 0})
	f.Add(uint16(65535), []byte{0, 255, 255, 1, 255, 255, 0, 3, 3})
	f.Add(uint16(300), []byte{1, 250, 250, 1, 0, 0, 1, 1, 1})
	f.Fuzz(func(t *testing.T, size uint16, list []byte) {
		data := noise(int(size))
		var p hashplan.Plan
		at := int64(0)
		for ; len(list) >= 3 && len(p.Steps) < 1000; list = list[3:] {
			s := hashplan.Step{Offset: at + int64(list[1]), Length: int64(list[2]), Prefix: int64(list[0]&1) - 1}
			at = s.Offset + s.Length
			p.Steps = append(p.Steps, s)
		}
		sum, err := p.Sum(context.Background(), bytes.NewReader(data), int64(size), sha256.New())
		if err != nil {
			if sum != nil || !errors.Is(err, hashplan.ErrOrder) || at <= int64(size) {
				t.Fatalf("%x, %v", sum, err)
			}
			return
		}
		if !bytes.Equal(sum, naive(data, p)) {
			t.Fatal("another digest than the naive one")
		}
	})
}

// memory is a large file that needs no disk.
type memory struct{ b []byte }

func (m memory) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], m.b[(off+int64(n))%int64(len(m.b)):])
	}
	return n, nil
}

const large = 256 << 20

func BenchmarkPlain(b *testing.B) {
	data := noise(1 << 20)
	b.SetBytes(large)
	for b.Loop() {
		h := sha256.New()
		for range large / len(data) {
			h.Write(data)
		}
		h.Sum(nil)
	}
}

func BenchmarkSum(b *testing.B) {
	m := memory{noise(1 << 20)}
	var p hashplan.Plan
	p.Mark(0, 0)
	p.Add(0, large)
	b.SetBytes(large)
	for b.Loop() {
		if _, err := p.Sum(context.Background(), m, large, sha256.New()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEach(b *testing.B) {
	for _, size := range []int64{1 << 20, 16 << 10, 1 << 10} {
		b.Run(fmt.Sprintf("leaves of %d KiB", size>>10), func(b *testing.B) {
			m := memory{noise(1 << 20)}
			b.SetBytes(large)
			for b.Loop() {
				err := hashplan.Each(context.Background(), m, large, large/size, func() hash.Hash { return sha256.New() }, 0, blocks(size), func(int64, []byte) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
