package manifest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/report"
)

// opened is a folder of one file, which remembers what it was asked for.
func opened(names *[]string) *Folder {
	var mu sync.Mutex
	return &Folder{Names: []string{"a"}, Open: func(name string) (io.ReaderAt, int64, error) {
		mu.Lock()
		defer mu.Unlock()
		*names = append(*names, name)
		if name != "a" {
			return nil, 0, nil
		}
		return bytes.NewReader([]byte("a")), 1, nil
	}}
}

func collectionOf(n int) []byte {
	uris := arr{}
	for i := range n {
		uris = append(uris, obj{"uri", fmt.Sprint(i), "hash", sha()})
	}
	return cb(obj{"uris", uris, "alg", "sha256"})
}

func TestCollectionLimit(t *testing.T) {
	for _, n := range []int{maxCollection, maxCollection + 1} {
		var names []string
		b, err := checkCollection(context.Background(), &Content{Folder: opened(&names)}, &hardBinding{payload: collectionOf(n)})
		if err != nil {
			t.Fatal(err)
		}
		want := codeCollectionCount
		if n > maxCollection {
			want = codeCollectionMalformed
		}
		if !report.Has(b.Findings, want) || (len(names) == n) != (n == maxCollection) {
			t.Errorf("%d files: %v, %d were asked for", n, texts(b.Findings), len(names))
		}
	}
}

// A file that is there and differs is damaged from its first byte to its last; one that is gone is no range of bytes.
func TestDamageOfACollectionIsTheWholeFile(t *testing.T) {
	var names []string
	payload := cb(obj{"uris", arr{obj{"uri", "a", "hash", sha([]byte("other"))}, obj{"uri", "b", "hash", sha([]byte("b"))}}, "alg", "sha256"})
	b, err := checkCollection(context.Background(), &Content{Folder: opened(&names)}, &hardBinding{payload: payload})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Damage) != 1 || b.Damage[0].Where != "a" || b.Damage[0].Offset != 0 || b.Damage[0].Length != 1 {
		t.Errorf("damage %+v", b.Damage)
	}
}

// Without its folder a collection cannot be judged, which is no fault of it.
func TestCollectionWithoutAFolder(t *testing.T) {
	for name, payload := range map[string][]byte{
		"one file":   collectionOf(1),
		"an archive": cb(obj{"uris", arr{obj{"uri", "a", "hash", sha()}}, "alg", "sha256", "zip_central_directory_hash", sha()}),
	} {
		b, err := checkCollection(context.Background(), &Content{}, &hardBinding{payload: payload})
		if err != nil || b.State != BindingUnknown || b.NotSupported == "" || len(b.Findings) > 0 {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}

func TestAssetPartsLimit(t *testing.T) {
	for _, n := range []int{maxAssetParts, maxAssetParts + 1} {
		parts := arr{}
		for range n {
			parts = append(parts, obj{"location", obj{"bmffBox", "moov"}})
		}
		k := &multiCheck{b: &Binding{}, c: &Content{}}
		tree, err := cbortree.Parse(cb(obj{"parts", parts}))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := k.parts(tree); ok || err != nil {
			t.Error(ok, err)
		}
		// At the limit the first part is looked at.
		want := "parts[0]: xpath"
		if n > maxAssetParts {
			want = fmt.Sprintf("%d parts;", n)
		}
		if got := fmt.Sprint(texts(k.b.Findings)); !strings.Contains(got, want) {
			t.Errorf("%d parts: %s", n, got)
		}
	}
}

// FuzzCollection: no name leads out of the folder, and nothing is intact whose file is another one.
func FuzzCollection(f *testing.F) {
	good := cb(obj{"uris", arr{obj{"uri", "a", "hash", sha([]byte("a")), "size", 1}}, "alg", "sha256"})
	for _, seed := range [][]byte{
		good, collectionOf(3), cb(obj{"uris", arr{obj{"uri", "../a", "hash", sha()}}}), cb(obj{"uris", arr{}, "alg", "sha512"}),
		cb(obj{"uris", arr{obj{"uri", "a", "hash", sha(), "size", -1}}, "alg", "sha256"}),
		{0xa0},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var names []string
		c := &Content{Folder: opened(&names)}
		b, err := checkCollection(context.Background(), c, &hardBinding{payload: payload, alg: "sha256"})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if !fs.ValidPath(n) || n == "." {
				t.Errorf("asked for %q", n)
			}
		}
		if report.Has(b.Findings, codeCollectionMatch) && (len(names) != 1 || names[0] != "a") {
			t.Errorf("a match, and %q were read", names)
		}
		if (b.State == BindingIntact) != (report.Has(b.Findings, codeCollectionMatch) && len(b.Parts) == 1) {
			t.Errorf("%s: %v", b.State, texts(b.Findings))
		}
	})
}
