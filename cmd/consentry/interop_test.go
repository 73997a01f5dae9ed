package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/demo"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/interop"
)

// standing makes a certificate that is still good when the test runs: the other implementation judges at present.
func standing(c *x509.Certificate) { c.NotAfter = forge.Clock.AddDate(9, 0, 0) }

// stampsOfForge stamps as the forge's authority.
type stampsOfForge struct{}

func (stampsOfForge) Stamp(_ context.Context, message []byte) ([]byte, error) {
	return forge.Stamp{}.Over(message), nil
}

// TestSignIsAcceptedElsewhere signs files of every kind, and asks another implementation what it thinks of them.
func TestSignIsAcceptedElsewhere(t *testing.T) {
	dir := t.TempDir()
	put := putIn(t, dir)
	plain := func(c forge.Container) []byte { return forge.Make(forge.Recipe{NoStore: true, Container: c}).Data }
	consent := put("consent.json", []byte(`{"v":1,"completeness":"complete","people":[{"id":"p1","kind":"real","rendering":"replica","modality":["face"],"basis":"unknown"}]}`))
	trust := interop.Trust{Claim: forge.ChainPEM(forge.CA().Root.Cert), TSA: forge.ChainPEM(forge.TSA().Root.Cert)}

	var names []string
	var files []interop.File
	add := func(name, alg, mime string, in []byte, edit func(*signOptions)) []byte {
		t.Helper()
		leaf, chain := forge.Signer{Alg: alg, IncludeRoot: true, Cert: standing}.Chain()
		suffix := ".mp4"
		if mime == "video/quicktime" {
			suffix = ".mov"
		}
		name = strings.Join([]string{name, alg, mime[6:]}, ", ")
		o := &signOptions{
			key: put("key.pem", forge.KeyPEM(leaf.Key)), cert: put("chain.pem", forge.ChainPEM(chain...)), alg: alg,
			source: "trainedAlgorithmicMedia", consent: consent, now: forge.Clock, in: put("in"+suffix, in), out: filepath.Join(dir, name+suffix),
		}
		if edit != nil {
			edit(o)
		}
		var out, errs bytes.Buffer
		if _, err := (&program{stdout: &out, stderr: &errs}).sign(context.Background(), o); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		names, files = append(names, name), append(files, interop.File{Path: o.out, Mime: mime, Trust: trust})
		data, err := os.ReadFile(o.out)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	blocks := func(o *signOptions) { o.block = 1 << 10 }
	small := forge.Container{Samples: 30, MediaSize: 250}
	quick := small
	quick.Brand = "qt  "
	for _, alg := range []string{"ES256", "Ed25519"} {
		add("flat", alg, "video/mp4", plain(small), nil)
		add("flat", alg, "video/quicktime", plain(quick), nil)
		add("in blocks", alg, "video/mp4", plain(small), blocks)
		add("in blocks", alg, "video/quicktime", plain(quick), blocks)
	}
	for _, alg := range []string{"ES384", "ES512", "PS256", "PS384", "PS512"} {
		add("flat", alg, "video/mp4", plain(small), nil)
	}
	once := add("a real clip, stamped", "ES256", "video/mp4", demo.Clip(), func(o *signOptions) { o.timeStamper = stampsOfForge{} })
	add("signed again, in blocks", "Ed25519", "video/mp4", once, blocks)
	two := small
	two.Extra = []byte("\x00\x00\x00\x0dmdat12345")
	add("two mdat boxes", "ES256", "video/mp4", plain(two), nil) // in blocks, it says another thing in every third run
	last := small
	last.ZeroMdat = true
	add("an mdat to the end of the file, in blocks", "ES256", "video/mp4", plain(last), blocks)

	// And files that it must not accept, or its "yes" would mean nothing here.
	bad := bytes.Clone(once)
	bad[bytes.LastIndex(bad, []byte("mdat"))+9] ^= 1
	stranger := interop.Trust{Claim: forge.ChainPEM(forge.NewAuthority("Forge Stranger CA").Root.Cert)}
	files = append(files, interop.File{Path: put("changed.mp4", bad), Mime: "video/mp4", Trust: trust}, interop.File{Path: files[0].Path, Mime: "video/mp4", Trust: stranger})
	elsewhere(t, names, files)
}

// elsewhere wants the files that have names trusted, a changed one behind them refused, and one under another authority
// called valid.
func elsewhere(t *testing.T, names []string, files []interop.File) {
	t.Helper()
	who, answers := interop.Ask(t, files)
	t.Log(who)
	for i, name := range names {
		if a := answers[i]; a.State != "Trusted" || len(a.Failure) > 0 {
			t.Errorf("%s: %s, %q", name, a.Word(), append(a.Failure, a.Refused))
		}
	}
	if a := answers[len(names)]; a.Accepts() {
		t.Errorf("a changed file is %s", a.Word())
	}
	if a := answers[len(names)+1]; a.State != "Valid" {
		t.Errorf("under another authority a file is %s", a.Word())
	}
}
