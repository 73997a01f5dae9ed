package manifest_test

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
)

// counted is a file that counts how often it is read whole.
type counted struct {
	io.ReaderAt
	size  int
	whole *atomic.Int64
}

func (c counted) ReadAt(p []byte, at int64) (int, error) {
	if len(p) == c.size {
		c.whole.Add(1)
	}
	return c.ReaderAt.ReadAt(p, at)
}

// A fragment file is read whole up to the limit, and piece by piece past it; either way its content is what is judged.
func TestFragmentFilesReadAtOnce(t *testing.T) {
	const limit, fragments = 256 << 10, 3
	small := forge.Make(forge.Recipe{Merkle: &forge.Merkle{Fragments: fragments, Set: true, Media: 300}})
	media := (limit - len(small.Parts[0]) + 300) / 3 * 3
	for _, c := range []struct {
		name   string
		media  int
		once   bool
		change func(parts [][]byte)
		want   string
	}{
		{"at the limit", media, true, nil, manifest.BindingIntact},
		{"past it", media + 3, false, nil, manifest.BindingIntact},
		{"at the limit, its last byte changed", media, true, func(parts [][]byte) { parts[1][len(parts[1])-1] ^= 1 }, manifest.BindingAltered},
		{"past it, its last byte changed", media + 3, false, func(parts [][]byte) { parts[1][len(parts[1])-1] ^= 1 }, manifest.BindingAltered},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := forge.Make(forge.Recipe{Merkle: &forge.Merkle{Fragments: fragments, Set: true, Media: c.media}})
			if n := len(file.Parts[0]); (n <= limit) != c.once || n < limit-3 || n > limit+3 {
				t.Fatalf("a part has %d bytes", n)
			}
			if c.change != nil {
				c.change(file.Parts)
			}
			ctx, size := context.Background(), int64(len(file.Data))
			loc, err := manifest.Locate(ctx, bytes.NewReader(file.Data), size, manifest.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			store, err := manifest.Parse(loc.Store, loc.Update, manifest.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var whole [fragments]atomic.Int64
			content := &manifest.Content{Data: bytes.NewReader(file.Data), Size: size, Located: loc}
			for i, p := range file.Parts {
				content.Parts = append(content.Parts, manifest.Part{Data: counted{bytes.NewReader(p), len(p), &whole[i]}, Size: int64(len(p))})
			}
			res, err := store.Validate(ctx, content, manifest.Options{Trust: forgeTrust(t, ""), Now: forge.Clock, Nonce: forge.Nonce})
			if err != nil {
				t.Fatal(err)
			}
			if res.Binding.State != c.want {
				t.Errorf("%s, expected %s", res.Binding.State, c.want)
			}
			if n := whole[0].Load(); (n == 1) != c.once {
				t.Errorf("the first fragment was read whole %d times", n)
			}
		})
	}
}
