package labels_test

import (
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/labels"
	"github.com/consentry/consentry/manifest"
)

// sparse is a file that is zeros but for some pieces, in order.
type sparse struct {
	size   int64
	pieces []piece
	reads  int
	bytes  int64
}

type piece struct {
	at int64
	b  []byte
}

// put writes a piece behind the last one, and gives where it ends.
func (s *sparse) put(at int64, b []byte) int64 {
	s.pieces = append(s.pieces, piece{at, b})
	s.size = at + int64(len(b))
	return s.size
}

func (s *sparse) ReadAt(p []byte, at int64) (int, error) {
	s.reads++
	n := int(min(int64(len(p)), s.size-at))
	s.bytes += int64(n)
	clear(p[:n])
	i := sort.Search(len(s.pieces), func(i int) bool { return s.pieces[i].at+int64(len(s.pieces[i].b)) > at })
	for ; i < len(s.pieces) && s.pieces[i].at < at+int64(n); i++ {
		from := s.pieces[i].at
		copy(p[max(0, from-at):n], s.pieces[i].b[max(0, at-from):])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

const gib = 1 << 30

// large are files of four gibibytes with a label where it is hardest to come by.
func large() map[string]*sparse {
	out := map[string]*sparse{}
	add := func(name string, write func(*sparse)) {
		out[name] = &sparse{}
		write(out[name])
	}
	tag := text("AIGC", aigc)
	add("mp4, behind the media", func(s *sparse) {
		at := s.put(0, []byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom\x00\x00\x00\x01mdat\x00\x00\x00\x01\x00\x00\x00\x10"))
		s.put(at+4*gib, forge.Box("moov", forge.Box("udta", forge.KeyedMeta(true, tag))))
	})
	add("mkv, behind 4,096 clusters", func(s *sparse) {
		at := s.put(0, forge.Matroska("matroska"))
		head := int64(len(forge.Matroska("matroska")))
		for range 4096 {
			cluster := forge.Element(forge.MkvCluster)
			binary.BigEndian.PutUint64(cluster[4:], 1<<56|1<<20)
			at = s.put(at, cluster) + 1<<20
		}
		at = s.put(at, forge.MatroskaTags(nil, tag))
		b := s.pieces[0].b
		binary.BigEndian.PutUint64(b[head-8:], 1<<56|uint64(at-head))
	})
	add("flv, in the last tag", func(s *sparse) {
		at := s.put(0, forge.FLV())
		for s.size < 4*gib {
			t := forge.FLVTag(9, nil)[:11]
			copy(t[1:], "\x04\x00\x00")
			s.put(at, t)
			at = s.put(at+11+1<<18, binary.BigEndian.AppendUint32(nil, 11+1<<18))
		}
		s.put(at, forge.FLVScript("onMetaData", tag))
	})
	add("wav, behind the sound", func(s *sparse) {
		at := s.put(0, append(forge.RIFF("WAVE")[:12], forge.RIFFChunk("data", "")...))
		binary.LittleEndian.PutUint32(s.pieces[0].b[16:], 4*gib-256-1024)
		end := s.put(at+4*gib-256-1024, forge.RIFFChunk("AIGC", aigc))
		binary.LittleEndian.PutUint32(s.pieces[0].b[4:], uint32(end-8))
	})
	return out
}

func readFrom(r io.ReaderAt, size int64) (*labels.Result, error) {
	l, err := manifest.Locate(context.Background(), r, size, manifest.Limits{})
	if err != nil {
		return nil, err
	}
	return labels.Read(context.Background(), labels.Source{Data: r, Size: size, Format: l.Container, Boxes: l.File, Parts: l.Parts, Matroska: l.Matroska, Flash: l.Flash})
}

// TestLargeFilesAreSeekedThrough: of four gibibytes some megabytes are read at the most, the search for a manifest included.
func TestLargeFilesAreSeekedThrough(t *testing.T) {
	for name, s := range large() {
		t.Run(name, func(t *testing.T) {
			r, err := readFrom(s, s.size)
			if err != nil {
				t.Fatal(err)
			}
			if kinds(r) != labels.TC260 {
				t.Errorf("labels %+v, not checked %v", r.Labels, r.NotChecked)
			}
			if s.reads > 5_000 || s.bytes > 24<<20 {
				t.Errorf("%d reads of %d bytes", s.reads, s.bytes)
			}
			t.Logf("%d bytes, %d reads of %d bytes", s.size, s.reads, s.bytes)
		})
	}
}

// BenchmarkLargeFile is the whole metadata pass over a file of four gibibytes on disk, with holes for its media: to be
// held against 50 ms.
func BenchmarkLargeFile(b *testing.B) {
	for name, s := range large() {
		b.Run(name, func(b *testing.B) {
			f, err := os.Create(filepath.Join(b.TempDir(), "large"))
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			for _, p := range s.pieces {
				if _, err := f.WriteAt(p.b, p.at); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				r, err := readFrom(f, s.size)
				if err != nil || kinds(r) != labels.TC260 {
					b.Fatal(r, err)
				}
			}
		})
	}
}
