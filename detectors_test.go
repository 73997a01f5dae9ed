//go:build linux

package consentry_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == detector.Subcommand {
		os.Exit(detector.Become())
	}
	os.Exit(m.Run())
}

// vendors builds the detector that behaves as it is told.
var vendors = sync.OnceValues(func() (*detector.Program, error) {
	dir, err := os.MkdirTemp("", "vendor")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // a program is read once
	out := filepath.Join(dir, "vendor")
	c := exec.Command("go", "build", "-o", out, "./detector/testdata/hostile")
	c.Env, c.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := c.Run(); err != nil {
		return nil, err
	}
	return detector.Open(out)
})

func vendor(t *testing.T, mode string) *detector.Program {
	t.Helper()
	p, err := vendors()
	if err != nil {
		t.Fatal(err)
	}
	q := *p
	q.Args = []string{mode}
	return &q
}

// TestDetectorsOfOthers is long because each case stands beside what it expects.
func TestDetectorsOfOthers(t *testing.T) {
	const alg = "com.example.mark.1"
	signed := func(of ...forge.Assertion) []byte {
		return forge.Make(forge.Recipe{Manifest: forge.Manifest{Actions: []forge.Action{{Name: "c2pa.edited"}}, Assertions: of}}).Data
	}
	plain, declared, other := signed(), signed(binding(alg, block([]byte{0xbe, 0xef}))), signed(binding(alg, block([]byte{1})))
	for _, c := range []struct {
		name, mode    string
		data          []byte
		state, origin string
		binding       string // of the declared soft binding, or of the mark that is not declared
		codes         []string
		never         []string
	}{
		{
			"a mark says nothing of how a picture was made", "found", plain, "analysed", "unknown", "undeclared",
			[]string{"watermark.detector", "softBinding.undeclared"},
			[]string{"watermark.detectorHint", "watermark.detectorError", "watermark.clash"},
		},
		{"a declared mark is there", "found", declared, "analysed", "unknown", "present", []string{"softBinding.present"}, []string{"softBinding.undeclared"}},
		{"another mark than the declared one", "found", other, "analysed", "unknown", "other-message", []string{"softBinding.otherMessage"}, []string{"softBinding.present"}},
		{"a declared mark that is only hinted at", "raised", declared, "analysed", "unknown", "not-checkable", []string{"watermark.detectorHint"}, []string{"softBinding.absent", "softBinding.present"}},
		{"nothing is said", "nothing", declared, "analysed", "unknown", "absent", []string{"softBinding.absent"}, []string{"watermark.detector"}},
		{"a generator's mark", "generated", plain, "analysed", "generated", "undeclared", []string{"watermark.detector"}, []string{"watermark.detectorHint"}},
		{
			"a claim without a bound decides nothing", "raised", plain, "analysed", "unknown", "",
			[]string{"watermark.detectorHint"},
			[]string{"watermark.detector", "softBinding.undeclared"},
		},
		{
			"one that fails has not said that nothing is there", "crash", declared, "detector-error", "unknown", "not-checkable",
			[]string{"watermark.detectorError"},
			[]string{"softBinding.absent", "watermark.detector"},
		},
		{"one that cannot start", "exit", declared, "detector-error", "unknown", "unknown-algorithm", []string{"watermark.detectorError"}, []string{"softBinding.absent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := trusting(t)
			v.Frames, v.Decoder, v.Detectors = video.KeyFrames, showing{frames: []*video.Frame{painted(), painted()}}, []*detector.Program{vendor(t, c.mode)}
			r := verify(t, v, asset(c.data))
			if len(r.Watermarks.Detectors) != 1 {
				t.Fatalf("%+v", r.Watermarks)
			}
			d := r.Watermarks.Detectors[0]
			if d.State != c.state || d.SHA256 != v.Detectors[0].SHA256 || d.State == "analysed" && d.Frames != 2 || (d.State == "detector-error") != (d.Reason != nil) {
				t.Errorf("%+v", d)
			}
			if r.Origin.State != c.origin || c.origin == "generated" && r.Origin.Basis != "mark" {
				t.Errorf("origin %+v", r.Origin)
			}
			if because, err := json.Marshal(r.Origin); err != nil || (c.origin == "generated") != strings.Contains(string(because), `claimed by the vendor of the detector \"hostile\" 0`) {
				t.Errorf("whose claim is it? %s %v", because, err)
			}
			result := ""
			for _, b := range r.Watermarks.SoftBindings {
				result = b.Result
			}
			if result != c.binding {
				t.Errorf("soft binding %q: %+v", result, r.Watermarks.SoftBindings)
			}
			for _, code := range c.codes {
				if !report.Has(r.Findings, code) {
					t.Errorf("no %s: %+v", code, r.Findings)
				}
			}
			for _, code := range c.never {
				if report.Has(r.Findings, code) {
					t.Errorf("%s: %+v", code, r.Findings)
				}
			}
			if told := strings.Contains(allNotChecked(r), "marks that the detector"); told != (c.state == "detector-error") {
				t.Errorf("not checked: %s", allNotChecked(r))
			}
			doc, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := schematest.Check(schematest.Report, doc); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestASoftBindingIsComparedWithAllDetectorsThatAnswerForIt(t *testing.T) {
	const alg = "com.example.mark.1"
	for _, c := range []struct {
		name     string
		modes    []string
		declared []byte
		want     string
		text     string
	}{
		{"a mark without its message", []string{"no message"}, []byte{0xbe, 0xef}, "not-checkable", "did not give its message"},
		{"a mark without its message, and a message of zeros", []string{"no message"}, []byte{0}, "not-checkable", "did not give its message"},
		{"a longer message that ends in the declared one", []string{"found"}, []byte{0, 0xbe, 0xef}, "not-checkable", "another length"},
		{"the second finds it", []string{"nothing", "found"}, []byte{0xbe, 0xef}, "present", "beef"},
		{"the first finds it", []string{"found", "nothing"}, []byte{0xbe, 0xef}, "present", "beef"},
		{"the second finds it, the first gives no answer", []string{"crash", "found"}, []byte{0xbe, 0xef}, "present", "beef"},
		{"the second finds it, the first a mark without message", []string{"no message", "found"}, []byte{0xbe, 0xef}, "present", "beef"},
		{"the second finds another", []string{"nothing", "found"}, []byte{1}, "other-message", "beef"},
		{"one finds nothing, the other gives no answer", []string{"nothing", "crash"}, []byte{1}, "not-checkable", "no answer"},
		{"one finds nothing, the other never says what it looks for", []string{"nothing", "exit"}, []byte{1}, "not-checkable", "did not come so far"},
		{"one finds nothing, the other only hints", []string{"nothing", "raised"}, []byte{1}, "not-checkable", "hints"},
		{"neither finds it", []string{"nothing", "shown"}, []byte{1}, "absent", "nor by"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := trusting(t)
			v.Frames, v.Decoder = video.KeyFrames, showing{frames: []*video.Frame{painted()}}
			for _, mode := range c.modes {
				v.Detectors = append(v.Detectors, vendor(t, mode))
			}
			data := forge.Make(forge.Recipe{Manifest: forge.Manifest{
				Actions: []forge.Action{{Name: "c2pa.edited"}}, Assertions: []forge.Assertion{binding(alg, block(c.declared))},
			}}).Data
			marks := verify(t, v, asset(data)).Watermarks
			rows := marks.SoftBindings
			if len(rows) != 1 || rows[0].Result != c.want || !strings.Contains(rows[0].Text, c.text) {
				t.Errorf("%+v", rows)
				for _, d := range marks.Detectors {
					if d.Reason != nil {
						t.Logf("%s: %s", d.State, *d.Reason)
					}
				}
			}
		})
	}
}

// A decoder that gives up takes the detector's answer along: what it found in a part is no answer for the clip.
func TestDetectorWithoutAllFrames(t *testing.T) {
	plain := forge.Make(forge.Recipe{Manifest: forge.Manifest{Actions: []forge.Action{{Name: "c2pa.edited"}}}}).Data
	for _, c := range []struct {
		name, state, reason string
		decoder             showing
		fixed               bool
	}{
		{"a decoder that gave up", "detector-error", "cancelled", showing{frames: []*video.Frame{painted()}, err: &video.Error{Reason: video.ReasonCrash}}, false},
		{"a stream that breaks", "partial", "breaks", showing{frames: []*video.Frame{painted()}, broken: &video.Broken{Why: "no more"}}, false},
		{"key frames by order of the user", "partial", "only key frames", showing{frames: []*video.Frame{painted()}}, true},
		{"no picture", "partial", "no frame", showing{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &consentry.Verifier{Frames: video.KeyFrames, FramesFixed: c.fixed, Decoder: c.decoder, Detectors: []*detector.Program{vendor(t, "nothing")}}
			d := verify(t, v, asset(plain)).Watermarks.Detectors
			if len(d) != 1 || d[0].State != c.state || d[0].Reason == nil || !strings.Contains(*d[0].Reason, c.reason) {
				t.Errorf("%+v", d)
			}
		})
	}
	t.Run("one more than are asked", func(t *testing.T) {
		v := &consentry.Verifier{Frames: video.KeyFrames, Decoder: showing{frames: []*video.Frame{painted()}}}
		for range detector.MaxPrograms + 1 {
			v.Detectors = append(v.Detectors, vendor(t, "nothing"))
		}
		r := verify(t, v, asset(plain))
		if len(r.Watermarks.Detectors) != detector.MaxPrograms || !strings.Contains(allNotChecked(r), "further detectors") {
			t.Errorf("%d were asked; %s", len(r.Watermarks.Detectors), allNotChecked(r))
		}
	})
}
