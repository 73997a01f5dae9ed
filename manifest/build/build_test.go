package build_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/consentry/consentry/internal/demo"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/manifest/build"
	"github.com/consentry/consentry/signing"
)

// signer signs under the forge's authority.
func signer(t *testing.T, alg string, s forge.Signer) *signing.Signer {
	t.Helper()
	s.Alg = alg
	leaf, chain := s.Chain()
	out, err := signing.NewSigner(alg, forge.KeyPEM(leaf.Key), forge.ChainPEM(chain...))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func trust(t *testing.T) *signing.Trust {
	t.Helper()
	list := func(a *forge.Authority) []signing.List {
		l, err := signing.ParseAnchors("forge", forge.ChainPEM(a.Root.Cert))
		if err != nil {
			t.Fatal(err)
		}
		return []signing.List{l}
	}
	return &signing.Trust{Claim: list(forge.CA()), TSA: list(forge.TSA())}
}

// counter is a source of bytes that repeats itself in every run.
type counter byte

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		*c++
		p[i] = byte(*c)
	}
	return len(p), nil
}

func request(t *testing.T) build.Request {
	return build.Request{
		Title: "clip.mp4", Generator: "consentry", Version: "1.0.0", Source: "trainedAlgorithmicMedia", When: forge.Clock,
		Signer: signer(t, "ES256", forge.Signer{}), Trust: trust(t), Now: forge.Clock, Rand: new(counter),
	}
}

// stamper is the forge's time-stamp authority.
type stamper struct{ how forge.Stamp }

func (s stamper) Stamp(_ context.Context, message []byte) ([]byte, error) {
	return s.how.Over(message), nil
}

// sign writes data to a file, signs it into another, and reads that.
func sign(t *testing.T, data []byte, req build.Request) ([]byte, *build.Made, error) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.mp4"), filepath.Join(dir, "out.mp4")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	made, err := build.File(context.Background(), in, out, req)
	if err != nil {
		left, _ := os.ReadDir(dir)
		if len(left) != 1 {
			t.Errorf("a refused file left %d files behind", len(left)-1)
		}
		return nil, nil, err
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return got, made, nil
}

func TestFile(t *testing.T) {
	plain := func(c forge.Container) []byte { return forge.Make(forge.Recipe{Container: c, NoStore: true}).Data }
	cases := []struct {
		name string
		data []byte
		edit func(*build.Request)
	}{
		{"moov first", plain(forge.Container{}), nil},
		{"moov last", plain(forge.Container{MoovLast: true}), nil},
		{"a QuickTime file", plain(forge.Container{Brand: "qt  "}), nil},
		{"mdat with a 64-bit size", plain(forge.Container{LargeMdat: true}), nil},
		{"mdat to the end of the file", plain(forge.Container{ZeroMdat: true}), nil},
		{"64-bit chunk offsets", plain(forge.Container{CO64: true}), nil},
		{"free boxes", plain(forge.Container{Free: 100}), nil},
		{"bytes behind the last box", plain(forge.Container{Trailing: []byte{1, 2, 3}}), nil},
		{"the demo's clip", demo.Clip(), nil},
		{"Ed25519", plain(forge.Container{}), func(r *build.Request) { r.Signer = signer(t, "Ed25519", forge.Signer{}) }},
		{"PS256", plain(forge.Container{}), func(r *build.Request) { r.Signer = signer(t, "PS256", forge.Signer{}) }},
		{"ML-DSA-44", plain(forge.Container{}), func(r *build.Request) { r.Signer = signer(t, "ML-DSA-44", forge.Signer{}) }},
		{"ML-DSA-87", plain(forge.Container{}), func(r *build.Request) { r.Signer = signer(t, "ML-DSA-87", forge.Signer{}) }},
		{"a time-stamp", plain(forge.Container{}), func(r *build.Request) { r.Stamp = stamper{} }},
		{"a consent assertion in CBOR", plain(forge.Container{}), func(r *build.Request) {
			r.Assertions = []build.Assertion{{Label: forge.ConsentLabel, CBOR: must(build.FromJSON([]byte(`{"v":1,"completeness":"complete","people":[]}`)))}}
		}},
		{"a gathered assertion in JSON", plain(forge.Container{}), func(r *build.Request) {
			r.Assertions = []build.Assertion{{Label: forge.ConsentLabel, JSON: []byte(`{"v":1}`), Gathered: true}}
		}},
		{"a title that is no text", plain(forge.Container{}), func(r *build.Request) { r.Title = "a\xffb.mp4" }},
		{"no source type", plain(forge.Container{}), func(r *build.Request) { r.Source = "" }},
		{"blocks", plain(forge.Container{}), blocks(100)},
		{"blocks, moov last", plain(forge.Container{MoovLast: true}), blocks(100)},
		{"blocks and an mdat with a 64-bit size", plain(forge.Container{LargeMdat: true}), blocks(100)},
		{"blocks and an mdat to the end of the file", plain(forge.Container{ZeroMdat: true}), blocks(100)},
		{"blocks that come out even", plain(forge.Container{}), blocks(408)},
		{"one block that is larger than the media", plain(forge.Container{}), blocks(1 << 30)},
		{"blocks of one byte", plain(forge.Container{}), blocks(1)},
		{"blocks larger than what is copied at a time", plain(forge.Container{Samples: 20, MediaSize: 200_000}), blocks(3 << 20)},
		{"blocks, bytes behind the last box", plain(forge.Container{Trailing: []byte{1, 2, 3}}), blocks(100)},
		{"blocks in a QuickTime file", plain(forge.Container{Brand: "qt  "}), blocks(100)},
		{"blocks in two mdat boxes", plain(forge.Container{Extra: []byte("\x00\x00\x00\x0dmdat12345")}), blocks(2)},
		{"blocks of the demo's clip", demo.Clip(), blocks(1 << 10)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			req := request(t)
			if c.edit != nil {
				c.edit(&req)
			}
			got, made, err := sign(t, c.data, req)
			if err != nil {
				t.Fatal(err)
			}
			if made.Result.State != manifest.Trusted || made.Result.Binding.State != manifest.BindingIntact {
				t.Errorf("state %q, binding %q", made.Result.State, made.Result.Binding.State)
			}
			if made.Size != int64(len(got)) {
				t.Errorf("%d bytes are said to be written, and %d are", made.Size, len(got))
			}
			sameMedia(t, c.data, got)
		})
	}
}

func blocks(size int64) func(*build.Request) {
	return func(r *build.Request) { r.Block = size }
}

// TestBlocksTellWhereTheDamageIs changes a byte of the media, of the header beside them and of the movie box.
func TestBlocksTellWhereTheDamageIs(t *testing.T) {
	req := request(t)
	req.Block = 100
	good, _, err := sign(t, forge.Make(forge.Recipe{NoStore: true}).Data, req)
	if err != nil {
		t.Fatal(err)
	}
	mdat := bytes.LastIndex(good, []byte("mdat")) - 4
	for _, c := range []struct {
		name     string
		at       int
		from, to int64 // of the damage; to 0: not told so closely
	}{
		{"the first byte of the media", mdat + 16, int64(mdat + 16), int64(mdat + 116)},
		{"the last byte of a block", mdat + 16 + 299, int64(mdat + 216), int64(mdat + 316)},
		{"the last byte of the media", mdat + 16 + 815, int64(mdat + 816), int64(mdat + 832)},
		{"a byte of the movie box", bytes.Index(good, []byte("tkhd")) + 20, 0, 0},
		{"a byte of the size of mdat", mdat + 15, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := bytes.Clone(good)
			bad[c.at] ^= 1
			ctx := context.Background()
			loc := must(manifest.Locate(ctx, bytes.NewReader(bad), int64(len(bad)), manifest.Limits{}))
			store := must(manifest.Parse(loc.Store, nil, manifest.Limits{}))
			res := must(store.Validate(ctx, &manifest.Content{Data: bytes.NewReader(bad), Size: int64(len(bad)), Located: loc}, manifest.Options{Trust: trust(t), Now: forge.Clock}))
			if res.State != manifest.Invalid || res.Binding.State == manifest.BindingIntact {
				t.Fatalf("state %q, binding %q", res.State, res.Binding.State)
			}
			if d := res.Binding.Damage; c.to != 0 && (len(d) != 1 || d[0].Offset != c.from || d[0].Offset+d[0].Length != c.to) {
				t.Errorf("damage %+v, want %d to %d", d, c.from, c.to)
			}
		})
	}
}

// sameMedia follows the chunk offsets of both files and compares what they lead to.
func sameMedia(t *testing.T, before, after []byte) {
	t.Helper()
	a, b := chunks(t, before), chunks(t, after)
	if len(a) == 0 || len(a) != len(b) {
		t.Fatalf("%d chunks before, %d after", len(a), len(b))
	}
	for i := range a {
		n := min(16, len(before)-int(a[i]))
		if int(b[i])+n > len(after) || !bytes.Equal(before[a[i]:int(a[i])+n], after[b[i]:int(b[i])+n]) {
			t.Errorf("chunk %d is at %d before and at %d after, where other bytes stand", i, a[i], b[i])
		}
	}
}

// chunks finds chunk offsets by the names of their tables.
func chunks(t *testing.T, file []byte) []int64 {
	t.Helper()
	var out []int64
	for _, typ := range []string{"stco", "co64"} {
		for at := 0; ; {
			i := bytes.Index(file[at:], []byte(typ))
			if i < 0 {
				break
			}
			at += i + 4
			n := int(binary.BigEndian.Uint32(file[at+4:]))
			for k := range n {
				if typ == "stco" {
					out = append(out, int64(binary.BigEndian.Uint32(file[at+8+4*k:])))
				} else {
					out = append(out, int64(binary.BigEndian.Uint64(file[at+8+8*k:])))
				}
			}
		}
	}
	return out
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestFileKeepsTheHistory(t *testing.T) {
	for _, r := range []struct {
		name   string
		recipe forge.Recipe
		state  string
	}{
		{"of a good parent", forge.Recipe{}, "valid"},
		{"of a parent with parents", forge.Recipe{Manifest: forge.Manifest{Ingredients: []forge.Ingredient{{Manifest: &forge.Manifest{}}}, Actions: []forge.Action{{Name: "c2pa.opened", Ingredient: []int{0}}}}}, "valid"},
		{"of a parent with an update in a box of its own", forge.Recipe{UpdateBox: true, Manifest: forge.Manifest{Update: true, Ingredients: []forge.Ingredient{{Manifest: &forge.Manifest{}}}}}, "valid"},
		{"of a parent that was changed", forge.Recipe{Hash: func(b []byte) []byte { b[0] ^= 1; return b }}, "invalid"},
	} {
		t.Run(r.name, func(t *testing.T) {
			parent := forge.Make(r.recipe)
			got, made, err := sign(t, parent.Data, request(t))
			if err != nil {
				t.Fatal(err)
			}
			active := made.Result.Active
			if made.Parent != parent.Labels[len(parent.Labels)-1] || len(active.Ingredients) != 1 {
				t.Fatalf("parent %q with %d ingredients", made.Parent, len(active.Ingredients))
			}
			if len(made.Result.Manifests) != len(parent.Labels)+1 {
				t.Errorf("%d manifests, want %d", len(made.Result.Manifests), len(parent.Labels)+1)
			}
			if active.Actions[0].Action != "c2pa.opened" || active.Actions[1].Action != "c2pa.edited" {
				t.Errorf("the history begins with %q, %q", active.Actions[0].Action, active.Actions[1].Action)
			}
			// A second signing takes the first one in.
			if _, again, err := sign(t, got, request2(t)); err != nil || again.Parent != made.Label {
				t.Errorf("signed again: %v", err)
			}
		})
	}
}

// request2 has other identifiers than request.
func request2(t *testing.T) build.Request {
	req := request(t)
	c := counter(77)
	req.Rand = &c
	return req
}

func TestFileRefuses(t *testing.T) {
	plain := func(c forge.Container) []byte { return forge.Make(forge.Recipe{Container: c, NoStore: true}).Data }
	insert := func(box []byte) []byte { return plain(forge.Container{Extra: box}) }
	cases := []struct {
		name, word string
		data       []byte
		edit       func(*build.Request)
	}{
		{"text", "not recognized", []byte("this is no video at all, only text"), nil},
		{"an empty file", "the file is empty", nil, nil},
		{"a fragmented file", "fragmented", append(plain(forge.Container{}), "\x00\x00\x00\x08moof"...), nil},
		{"items", "items", insert([]byte("\x00\x00\x00\x0cmeta\x00\x00\x00\x00")), nil},
		{"a file that is cut", "damaged", plain(forge.Container{})[:1200], nil},
		{"media in another file", "another file", plain(forge.Container{External: "media.mp4"}), nil},
		{"two stores", "more than one", forge.Make(forge.Recipe{After: forge.Make(forge.Recipe{}).Data[28:4000]}).Data, nil},
		{"a store that cannot be read", "cannot be read", forge.Make(forge.Recipe{Store: func(b []byte) []byte { return make([]byte, len(b)) }}).Data, nil},
		{"a signer on no list", "signingCredential.untrusted", plain(forge.Container{}), func(r *build.Request) {
			r.Signer = signer(t, "ES256", forge.Signer{Authority: forge.NewAuthority("Forge Stranger CA")})
		}},
		{"a certificate that has expired", "claimSignature.outsideValidity", plain(forge.Container{}), func(r *build.Request) { r.Now = forge.Clock.AddDate(3, 0, 0) }},
		{"blocks and an mdat without media", "empty", plain(forge.Container{Extra: []byte("\x00\x00\x00\x08mdat")}), blocks(1)},
		{"blocks and no mdat at all", "no mdat", demo.Clip()[:bytes.Index(demo.Clip(), []byte("mdat"))-4], blocks(1)},
		{"a chunk offset beyond the file", "offset", replace(plain(forge.Container{}), "stco", 8+3, 0xff), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			req := request(t)
			if c.edit != nil {
				c.edit(&req)
			}
			_, _, err := sign(t, c.data, req)
			var refused *build.RefusedError
			if !errors.As(err, &refused) {
				t.Fatalf("not refused: %v", err)
			}
			if !strings.Contains(refused.Reason, c.word) {
				t.Errorf("refused with %q, which does not say %q", refused.Reason, c.word)
			}
		})
	}
}

// replace sets one byte behind a name.
func replace(b []byte, name string, at int, v byte) []byte {
	i := bytes.Index(b, []byte(name))
	b[i+at] = v
	return b
}

func TestEmbedStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data := forge.Make(forge.Recipe{NoStore: true}).Data
	out := must(os.Create(filepath.Join(t.TempDir(), "out.mp4")))
	defer out.Close()
	if _, err := build.Embed(ctx, bytes.NewReader(data), int64(len(data)), out, request(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run gives %v", err)
	}
}

func FuzzFromJSON(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, `{"a":1,"b":[1.5,-2,"x",null,true]}`, `{"a":1,"a":2}`, `{"a":`, `1e400`, `18446744073709551616`, `{"people":[{"id":"p1"}]} `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := build.FromJSON(data)
		if err != nil {
			if a != nil {
				t.Error("a result beside an error")
			}
			return
		}
		if b, err := build.FromJSON(data); err != nil || !bytes.Equal(a, b) {
			t.Error("the same text gives other bytes")
		}
		if len(a) > 9*len(data)+9 {
			t.Errorf("%d bytes of text give %d", len(data), len(a))
		}
	})
}

func TestFromJSON(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{}`, "\xa0"},
		{`{"b":1,"a":-1}`, "\xa2aa\x20ab\x01"},
		{`[1.5,true,null,"x"]`, "\x84\xf9\x3e\x00\xf5\xf6ax"},
		{`{"a":1,"a":2}`, ""},
		{`{} {}`, ""},
		{`{"a":`, ""},
		{`18446744073709551616`, ""},
		{strings.Repeat("[", 32) + strings.Repeat("]", 32), strings.Repeat("\x81", 31) + "\x80"},
		{strings.Repeat("[", 34) + strings.Repeat("]", 34), ""},
	} {
		got, err := build.FromJSON([]byte(c.in))
		if string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s gives %x, %v; want %x", c.in, got, err, c.want)
		}
	}
}

func TestFileRefusesManyBlocks(t *testing.T) {
	const most = 1 << 17
	for _, c := range []struct {
		name string
		size int
		ok   bool
	}{{"at the limit", most, true}, {"one more", most + 1, false}, {"absurd", 8 * most, false}} {
		t.Run(c.name, func(t *testing.T) {
			req := request(t)
			req.Block = 1
			_, made, err := sign(t, forge.Make(forge.Recipe{NoStore: true, Container: forge.Container{Samples: 1, MediaSize: c.size - 16}}).Data, req)
			var refused *build.RefusedError
			if c.ok && (err != nil || made.Result.State != manifest.Trusted) || !c.ok && !errors.As(err, &refused) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A pipe that nobody writes to is refused at once, as are a folder and a device.
func TestFileRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.mp4")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{pipe, dir, os.DevNull} {
		var refused *build.RefusedError
		if _, err := build.File(t.Context(), in, filepath.Join(dir, "out.mp4"), request(t)); !errors.As(err, &refused) || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestFileRefusesALargeStore(t *testing.T) {
	data := forge.Make(forge.Recipe{NoStore: true}).Data
	with := func(size int) (says string) { // what is said where the file is refused
		req := request(t)
		req.Assertions = []build.Assertion{{Label: "com.example.note", JSON: make([]byte, size)}}
		_, _, err := sign(t, data, req)
		var refused *build.RefusedError
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if refused != nil {
			says = refused.Error()
		}
		return says
	}
	const limit = 64 << 20
	would := regexp.MustCompile(`would have (\d+) bytes`).FindStringSubmatch(with(limit))
	if would == nil {
		t.Fatal("it is not said how large the store would be")
	}
	size, err := strconv.Atoi(would[1])
	if err != nil {
		t.Fatal(err)
	}
	most := limit - (size - limit) // all but the note is as large with a smaller one
	if says := with(most); says != "" {
		t.Errorf("at the limit: %s", says)
	}
	if says := with(most + 1); !strings.Contains(says, fmt.Sprintf("would have %d bytes; up to %d are written", limit+1, limit)) {
		t.Errorf("one byte past the limit: %q", says)
	}
	if with(200<<20) == "" {
		t.Error("far past the limit it is written")
	}
}
