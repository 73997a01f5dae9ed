package consentry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
	"github.com/consentry/consentry/video"
)

func asset(data []byte) consentry.Asset {
	return consentry.Asset{Name: "clip.mp4", Data: bytes.NewReader(data), Size: int64(len(data))}
}

// trusting is a verifier that trusts the forge's authorities, at the forge's clock.
func trusting(t *testing.T) *consentry.Verifier {
	t.Helper()
	claim, err := signing.ParseAnchors("test", forge.ChainPEM(forge.CA().Root.Cert))
	if err != nil {
		t.Fatal(err)
	}
	tsa, err := signing.ParseAnchors("test-tsa", forge.ChainPEM(forge.TSA().Root.Cert))
	if err != nil {
		t.Fatal(err)
	}
	identity, err := signing.ParseAnchors("test-identity", forge.ChainPEM(forge.IdentityCA().Root.Cert))
	if err != nil {
		t.Fatal(err)
	}
	did, err := signing.ParseDID(forge.DIDDocument(forge.AggregatorDID, nil, "Ed25519"))
	if err != nil {
		t.Fatal(err)
	}
	return &consentry.Verifier{
		Trust: signing.Trust{
			Claim: []signing.List{claim}, TSA: []signing.List{tsa}, Identity: []signing.List{identity}, DIDs: []signing.DIDDocument{*did},
		},
		Time: forge.Clock.Add(time.Hour),
	}
}

func generated() *forge.Built {
	return forge.Make(forge.Recipe{})
}

func verify(t *testing.T, v *consentry.Verifier, a consentry.Asset) *report.Report {
	t.Helper()
	r, err := v.Verify(context.Background(), a)
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Fatalf("the report does not marshal: %v", err)
	}
	return r
}

func state(r *report.Report) string {
	if r.Provenance.State == nil {
		return "null"
	}
	return *r.Provenance.State
}

func TestVerify(t *testing.T) {
	good := generated()
	t.Run("a-trusted-signer", func(t *testing.T) {
		r := verify(t, trusting(t), asset(good.Data))
		if state(r) != "trusted" || r.Provenance.Integrity.State != "intact" || !r.Complete {
			t.Errorf("state %s, integrity %s, complete %v", state(r), r.Provenance.Integrity.State, r.Complete)
		}
		if r.Provenance.Signer.List == nil || *r.Provenance.Signer.List != "test" {
			t.Errorf("the list that matched is not named: %v", r.Provenance.Signer.List)
		}
	})
	t.Run("the-zero-verifier-trusts-nobody", func(t *testing.T) {
		r := verify(t, &consentry.Verifier{Time: forge.Clock.Add(time.Hour)}, asset(good.Data))
		if state(r) != "valid" || r.Provenance.Signer.State != "untrusted" || r.Verdict != report.Indeterminate {
			t.Errorf("state %s, signer %s, verdict %s", state(r), r.Provenance.Signer.State, r.Verdict)
		}
		if len(r.NotChecked) == 0 {
			t.Error("the report does not say what was not checked")
		}
	})
	t.Run("one-changed-byte-in-the-media", func(t *testing.T) {
		bad := bytes.Clone(good.Data)
		bad[len(bad)-1] ^= 1
		r := verify(t, trusting(t), asset(bad))
		if state(r) == "trusted" || state(r) == "valid" || r.Verdict != report.Fail || r.Provenance.Integrity.State != "altered" {
			t.Errorf("state %s, verdict %s, integrity %s", state(r), r.Verdict, r.Provenance.Integrity.State)
		}
		if !report.Has(r.Findings, "assertion.bmffHash.mismatch") {
			t.Errorf("no mismatch among %v", r.Findings)
		}
	})
	t.Run("a-content-hash-that-is-not-the-one-that-was-signed", func(t *testing.T) {
		forged := forge.Make(forge.Recipe{Manifest: forge.Manifest{AfterSign: func(m *forge.Node) {
			box := m.Find("c2pa.assertions").Find("c2pa.hash.bmff.v3").Kids[0]
			box.Data = bytes.Replace(box.Data, []byte("/mfra"), []byte("/mfrb"), 1)
		}}})
		r := verify(t, trusting(t), asset(forged.Data))
		if state(r) != "invalid" || r.Provenance.Integrity.State != "unknown" || r.Verdict != report.Fail {
			t.Errorf("state %s, integrity %s, verdict %s", state(r), r.Provenance.Integrity.State, r.Verdict)
		}
	})
	t.Run("no-manifest", func(t *testing.T) {
		r := verify(t, trusting(t), asset(forge.Make(forge.Recipe{NoStore: true}).Data))
		if r.Provenance.Store == nil || *r.Provenance.Store != "absent" || r.Verdict != report.Indeterminate {
			t.Errorf("store %v, verdict %s", r.Provenance.Store, r.Verdict)
		}
	})
	t.Run("an-unknown-container", func(t *testing.T) {
		r := verify(t, trusting(t), asset(bytes.Repeat([]byte("no video "), 100)))
		if r.Verdict == report.Pass || r.Verdict == report.NotApplicable || r.Verdict == report.Warn {
			t.Errorf("verdict %s", r.Verdict)
		}
	})
}

// TestRulesSeeTheWholeReport: a rule is held against what the verification found, as the last step.
func TestRulesSeeTheWholeReport(t *testing.T) {
	for when, want := range map[string]report.Verdict{
		"report.provenance.signer.list == 'test' && report.notChecked.size() > 0 && report.asset.format == 'mp4'": report.Fail,
		"report.provenance.state != 'trusted' || report.tool.spec == ''":                                          report.Warn,
	} {
		v := trusting(t)
		var err error
		if v.Policy, err = policy.Load("", fmt.Appendf(nil, `{"rules": [{"id": "r", "when": %q, "outcome": "FAIL"}]}`, when)); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, v, asset(generated().Data)); r.Verdict != want || want == report.Fail && r.Reasons[0].Event != "rule.r" {
			t.Errorf("%s: %s, %v", when, r.Verdict, r.Reasons)
		}
	}
}

// failing is a reader that fails from an offset on, as a damaged disk does.
type failing struct {
	data []byte
	from int64
}

var errDisk = errors.New("disk on fire")

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, errDisk
	}
	return bytes.NewReader(f.data).ReadAt(p, off)
}

func TestVerifyCannotDoTheJob(t *testing.T) {
	good := generated()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	cases := map[string]struct {
		ctx   context.Context
		asset consentry.Asset
		want  error
	}{
		"reading fails":         {context.Background(), consentry.Asset{Data: failing{good.Data, int64(len(good.Data)) - 1}, Size: int64(len(good.Data))}, errDisk},
		"cancelled":             {cancelled, asset(good.Data), context.Canceled},
		"changed-while-reading": {context.Background(), func() consentry.Asset { a := asset(good.Data); a.Changed = func() error { return errDisk }; return a }(), errDisk},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := trusting(t).Verify(c.ctx, c.asset)
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if r == nil || r.Verdict != report.Indeterminate || r.Complete {
				t.Fatalf("the report so far must come with the error, incomplete and INDETERMINATE: %+v", r)
			}
			if changed := c.asset.Changed != nil; report.Has(r.Findings, "asset.changed") != changed {
				t.Errorf("a file that changed: %v, %+v", changed, r.Findings)
			}
		})
	}
}

// dying is a decoder that ends the way that a crashed child does.
type dying struct{ err error }

func (d dying) Decode(context.Context, video.Source, video.Want, video.Sink) (*video.Result, error) {
	return nil, d.err
}

func TestDecoderFailureIsNoAnswer(t *testing.T) {
	good := generated()
	v := trusting(t)
	v.Frames, v.Decoder = video.KeyFrames, dying{&video.Error{Reason: "crash", Detail: "the child died"}}
	r := verify(t, v, asset(good.Data))
	if state(r) != "trusted" {
		t.Errorf("state %s: provenance must not depend on the decoder", state(r))
	}
	if r.Decoded != nil || r.Watermarks.State != "not-analysed" {
		t.Errorf("decoded %v, watermarks %s", r.Decoded, r.Watermarks.State)
	}
	said := false
	for _, n := range r.NotChecked {
		said = said || n.What == "pixels" && n.Why == "crash: the child died"
	}
	if !said {
		t.Errorf("the crash is not said: %v", r.NotChecked)
	}
}

func TestPersonsAskedForAndImpossible(t *testing.T) {
	v := trusting(t)
	v.Persons = consentry.PersonsOn
	r := verify(t, v, asset(generated().Data))
	if r.Persons.Status != "not-analysed" {
		t.Errorf("persons.status %q", r.Persons.Status)
	}
	for _, reason := range r.Reasons {
		if reason.Event == "not_analysed" {
			return
		}
	}
	t.Errorf("no event not_analysed among %v", r.Reasons)
}

// counting counts what is read.
type counting struct {
	io.ReaderAt
	read *atomic.Int64
}

func (c counting) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.read.Add(int64(n))
	return n, err
}

func TestTheMediaIsReadOnce(t *testing.T) {
	good := forge.Make(forge.Recipe{Container: forge.Container{MediaSize: 500_000}})
	var read atomic.Int64
	a := asset(good.Data)
	a.Data = counting{a.Data, &read}
	if r := verify(t, trusting(t), a); state(r) != "trusted" {
		t.Fatalf("state %s", state(r))
	}
	if limit := int64(len(good.Data)) + 1<<20; read.Load() > limit {
		t.Errorf("%d bytes read of a file of %d", read.Load(), len(good.Data))
	}
}

func TestVerifyIsSafeForConcurrentUse(t *testing.T) {
	v, good := trusting(t), generated()
	done := make(chan string, 8)
	for range cap(done) {
		go func() {
			r, err := v.Verify(context.Background(), asset(good.Data))
			done <- fmt.Sprint(state(r), err)
		}()
	}
	for range cap(done) {
		if got := <-done; got != "trusted<nil>" {
			t.Error(got)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	good := generated()
	claim, err := signing.ParseAnchors("test", forge.ChainPEM(forge.CA().Root.Cert))
	if err != nil {
		b.Fatal(err)
	}
	v := &consentry.Verifier{Trust: signing.Trust{Claim: []signing.List{claim}}, Time: forge.Clock}
	b.SetBytes(int64(len(good.Data)))
	for b.Loop() {
		if _, err := v.Verify(context.Background(), asset(good.Data)); err != nil {
			b.Fatal(err)
		}
	}
}

// The key of a certificate of ML-DSA is the one of RFC 9964, A.1, with its thumbprint there.
func TestTheThumbprintOfAnMLDSAKey(t *testing.T) {
	key := forge.NewLattice("ML-DSA-44", make([]byte, 32))
	c := forge.CA().Issue("Lattice", key, forge.ClaimSigning, nil).Cert
	if got := consentry.Thumbprint(c); got != "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o" {
		t.Error(got)
	}
	broken := forge.CA().Issue("P-224", forge.Key("P-224", "thumbprint"), forge.ClaimSigning, nil).Cert
	broken.PublicKey = nil // a key that crypto/x509 does not read
	if got := consentry.Thumbprint(broken); got != "" {
		t.Error(got)
	}
}
