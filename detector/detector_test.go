//go:build linux

package detector_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/video"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == detector.Subcommand {
		os.Exit(detector.Become())
	}
	if len(os.Args) > 2 && os.Args[1] == withoutSeccomp {
		os.Exit(onOldKernel(os.Args[2]))
	}
	code := m.Run()
	if dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

var dir string // of what was built

// build builds a program of this module, once.
func build(pkg, name string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		if dir == "" {
			var err error
			if dir, err = os.MkdirTemp("", "detector"); err != nil {
				return "", err
			}
		}
		out := filepath.Join(dir, name)
		c := exec.Command("go", "build", "-o", out, pkg)
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		c.Stderr = os.Stderr
		return out, c.Run()
	})
}

var (
	example = build("../examples/detector", "example")
	hostile = build("./testdata/hostile", "hostile")
)

// program is a detector, skipped over where this system has nothing to confine one with.
func program(t *testing.T, built func() (string, error), args ...string) *detector.Program {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p, err := detector.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	p.Args = args
	// A second is long for what these programs do; two cores are not always free.
	p.Limits = detector.Limits{Start: 20 * time.Second, Stall: 20 * time.Second, End: 20 * time.Second}
	return p
}

// picture is a frame of one grey, with a chroma of its own.
func picture(at time.Duration, key bool) *video.Frame {
	plane := func(w, h int, v byte) video.Plane {
		p := video.Plane{Data: make([]byte, w*h), Stride: w, Width: w, Height: h}
		for i := range p.Data {
			p.Data[i] = v
		}
		return p
	}
	return &video.Frame{
		Time: at, Key: key, Width: 64, Height: 48, BitDepth: 8, ChromaX: 1, ChromaY: 1,
		Y: plane(64, 48, 90), Cb: plane(32, 24, 100), Cr: plane(32, 24, 110),
	}
}

// ask runs a detector over some frames.
func ask(t *testing.T, p *detector.Program, frames ...*video.Frame) detector.Outcome {
	t.Helper()
	s, err := p.Start(context.Background(), detector.Asset{DurationMs: 1000, Expect: []detector.Expectation{
		{Alg: "com.example.mark.1", Value: []byte{1, 2}}, {Alg: "com.example.other.1", Value: []byte{3}},
	}})
	if err != nil {
		failed, ok := err.(*detector.Error)
		if !ok {
			t.Fatalf("%T %v", err, err)
		}
		return detector.Outcome{Err: failed}
	}
	for _, f := range frames {
		s.Frame(f)
	}
	return s.End()
}

// TestAProgramThatFailsNeverSaysNotFound is long because each case stands beside what it expects.
func TestAProgramThatFailsNeverSaysNotFound(t *testing.T) {
	frames := []*video.Frame{picture(0, true), picture(time.Second, false)}
	for _, c := range []struct {
		mode   string
		limits detector.Limits
		reason string
		detail string
	}{
		{mode: "mute", limits: detector.Limits{Start: 50 * time.Millisecond}, reason: detector.ReasonTimeout, detail: "hello"},
		{mode: "hang", limits: detector.Limits{End: 50 * time.Millisecond}, reason: detector.ReasonTimeout, detail: "findings"},
		{mode: "lingers", limits: detector.Limits{End: 50 * time.Millisecond}, reason: detector.ReasonTimeout, detail: "did not end"},
		{mode: "no hello", reason: detector.ReasonProtocol, detail: "hello"},
		{mode: "garbage", reason: detector.ReasonProtocol, detail: "byte 0"},
		{mode: "network", reason: detector.ReasonNetwork},
		{mode: "endless line", reason: detector.ReasonLimit, detail: "65536"},
		{mode: "exit", reason: detector.ReasonCrash, detail: "(no licence?[31m)"},
		{mode: "crash", reason: detector.ReasonCrash, detail: "a bug of the vendor's"},
		{mode: "silent", reason: detector.ReasonCrash},
		{mode: "early", reason: detector.ReasonProtocol, detail: "saw 0"},
		{mode: "miscounts", reason: detector.ReasonProtocol, detail: "shown 2 frames and says that it saw 1"},
		{mode: "flood", reason: detector.ReasonLimit, detail: "256 findings"},
		{mode: "babble", reason: detector.ReasonLimit, detail: "1048576"},
		{mode: "foreign", reason: detector.ReasonProtocol, detail: "algorithm"},
		{mode: "sure", reason: detector.ReasonProtocol, detail: "falsePositiveBound"},
		{mode: "after done", reason: detector.ReasonProtocol, detail: "after done"},
		{mode: "fails at last", reason: detector.ReasonCrash, detail: "exit status 5"},
		{mode: "hog", limits: detector.Limits{Memory: 256 << 20}, reason: detector.ReasonLimit},
		{mode: "leaves children", limits: detector.Limits{End: 50 * time.Millisecond, Stall: 50 * time.Millisecond}, reason: detector.ReasonTimeout},
	} {
		t.Run(c.mode, func(t *testing.T) {
			p := program(t, hostile, c.mode)
			for _, l := range []struct{ to, from *time.Duration }{{&p.Limits.Start, &c.limits.Start}, {&p.Limits.Stall, &c.limits.Stall}, {&p.Limits.End, &c.limits.End}} {
				if *l.from > 0 {
					*l.to = *l.from
				}
			}
			p.Limits.Memory = c.limits.Memory
			// A child that says nothing cannot be told from one that is starting: more frames fill the pipe.
			out := ask(t, p, frames...)
			if out.Err == nil || out.Err.Reason != c.reason || !strings.Contains(out.Err.Error(), c.detail) {
				t.Errorf("got %v, want %s with %q", out.Err, c.reason, c.detail)
			}
			if len(out.Findings) > 0 {
				t.Errorf("findings of a program that failed: %+v", out.Findings)
			}
		})
	}
	t.Run("one that takes no frame is ended", func(t *testing.T) {
		p := program(t, hostile, "deaf")
		p.Limits.Stall = 50 * time.Millisecond
		var many []*video.Frame
		for i := range 64 { // more than a pipe holds
			many = append(many, picture(time.Duration(i)*time.Second, true))
		}
		if out := ask(t, p, many...); out.Err == nil || out.Err.Reason != detector.ReasonTimeout {
			t.Errorf("got %+v", out)
		}
	})
	t.Run("a caller who gives up ends it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		s, err := program(t, hostile, "hang").Start(ctx, detector.Asset{})
		if err != nil {
			t.Fatal(err)
		}
		s.Frame(frames[0])
		cancel()
		if out := s.End(); out.Err == nil || out.Err.Reason != detector.ReasonCancelled {
			t.Errorf("got %v", out.Err)
		}
	})
	t.Run("a decode that breaks off is no answer", func(t *testing.T) {
		s, err := program(t, hostile, "found").Start(context.Background(), detector.Asset{})
		if err != nil {
			t.Fatal(err)
		}
		s.Frame(frames[0])
		if out := s.Abort("the decoder died"); out.Err == nil || out.Err.Reason != detector.ReasonCancelled || len(out.Findings) > 0 {
			t.Errorf("got %+v", out)
		}
	})
}

func TestWhatCounts(t *testing.T) {
	for mode, counts := range map[string]bool{"found": true, "generated": true, "raised": false, "loose": false} {
		out := ask(t, program(t, hostile, mode), picture(0, true))
		if out.Err != nil || len(out.Findings) != 1 {
			t.Errorf("%s: %+v", mode, out)
			continue
		}
		if f := out.Findings[0]; f.Counts() != counts {
			t.Errorf("%s: %+v counts: %v", mode, f, f.Counts())
		}
	}
}

func TestWhatADetectorSees(t *testing.T) {
	deep := picture(2*time.Second, false)
	deep.BitDepth = 10
	deep.Y = video.Plane{Data: make([]byte, 2*64*48), Stride: 128, Width: 64, Height: 48}
	for i := 0; i < len(deep.Y.Data); i += 2 {
		deep.Y.Data[i], deep.Y.Data[i+1] = 0x90, 0x01 // 400
	}
	deep.Y.Data[1] = 0xff // past ten bits
	for _, p := range []*video.Plane{&deep.Cb, &deep.Cr} {
		*p = video.Plane{Data: make([]byte, 2*32*24), Stride: 64, Width: 32, Height: 24}
	}
	grey := picture(3*time.Second, true)
	grey.Cb, grey.Cr = video.Plane{}, video.Plane{}
	out := ask(t, program(t, hostile, "shown"), picture(0, true), picture(40*time.Millisecond, false), deep, grey)
	const want = "expects com.example.mark.1=AQI=; 0: y64x48=90,90 cb32x24=100,100 cr32x24=110,110; " +
		"40: y64x48=90,90 cb32x24=100,100 cr32x24=110,110; 2000: y64x48=255,100 cb32x24=0,0 cr32x24=0,0"
	if out.Err != nil || len(out.Findings) != 1 || out.Findings[0].Text != want {
		t.Errorf("shown %+v", out)
	}
	if out.Frames != 3 || out.Unread != 1 {
		t.Errorf("%d frames, %d unread", out.Frames, out.Unread)
	}
	// Key frames only, two a second, 32 pixels wide.
	out = ask(t, program(t, hostile, "sees little"), picture(0, true), picture(100*time.Millisecond, true), picture(600*time.Millisecond, false), picture(700*time.Millisecond, true), grey)
	if want := "expects com.example.mark.1=AQI=; 0: y32x24=90,90; 700: y32x24=90,90; 3000: y32x24=90,90"; out.Err != nil || out.Findings[0].Text != want {
		t.Errorf("shown %+v", out)
	}
}

func TestADetectorReachesNothing(t *testing.T) {
	t.Setenv("CONSENTRY_SECRET", "x")
	out := ask(t, program(t, hostile, "reach"), picture(0, true))
	if out.Err != nil || len(out.Findings) != 1 {
		t.Fatalf("%+v", out)
	}
	got := out.Findings[0].Text
	if !out.Confinement.Files { // said in the report
		got = strings.NewReplacer("/etc/passwd", "", "/tmp", "", "a file to write", "", ", ", "").Replace(got)
	}
	if got != "nothing" && got != "" {
		t.Errorf("it reached %q", out.Findings[0].Text)
	}
}

// The example finds its own mark, and nothing in a picture without it.
func TestTheExample(t *testing.T) {
	bits := sha256.Sum256([]byte("the key of the example"))
	for _, depth := range []int{0, 6} {
		f := picture(0, true)
		for y := range 48 {
			for x := range 64 {
				c := y*8/48*8 + x*8/64
				v := 90 + (x*7+y*13)%5 + (x+y)/4
				if bits[c/8]>>(c%8)&1 == 1 {
					v += depth
				}
				f.Y.Data[y*64+x] = byte(v)
			}
		}
		out := ask(t, program(t, example), f)
		switch {
		case out.Err != nil:
			t.Fatal(out.Err)
		case depth == 0 && len(out.Findings) > 0:
			t.Errorf("found in a picture without it: %+v", out.Findings)
		case depth > 0 && (len(out.Findings) != 1 || !out.Findings[0].Counts()):
			t.Errorf("its own mark: %+v", out.Findings)
		}
	}
}

// TestOpen is long because each case stands beside what it expects.
func TestOpen(t *testing.T) {
	path, err := hostile()
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(code)
	folder := t.TempDir()
	for name, mode := range map[string]os.FileMode{"detector": 0o755, "plain": 0o644} {
		if err := os.WriteFile(filepath.Join(folder, name), code, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("the digest is of what runs", func(t *testing.T) {
		for _, at := range []string{path, folder} {
			p, err := detector.Open(at)
			if err != nil || p.SHA256 != hex.EncodeToString(sum[:]) || p.Name != filepath.Base(at) {
				t.Errorf("%+v, %v", p, err)
			}
		}
	})
	t.Run("a file that is changed after it was opened is not run", func(t *testing.T) {
		p, err := detector.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "detector"), []byte("#!/bin/sh\nexit 9\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		p.Args = []string{"found"}
		if out := ask(t, p, picture(0, true)); out.Err != nil || len(out.Findings) != 1 {
			t.Errorf("%+v", out)
		}
	})
	t.Run("a program in a folder reads the folder", func(t *testing.T) {
		const script = "#!/bin/sh\n" + `echo '{"type":"hello","protocol":"consentry.detector/1","name":"script","version":"1","algs":[],"wants":{"planes":["y"],"frames":"keys"},"network":false}'
while read -r line; do case $line in *'"end"'*) break;; esac; done
cat answer; echo '{"type":"done","frames":0}'
`
		for name, text := range map[string]string{"detector": script, "answer": `{"type":"finding","claim":"hint","text":"from the folder"}` + "\n"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		p, err := detector.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		if out := ask(t, p); out.Err != nil || len(out.Findings) != 1 || out.Findings[0].Text != "from the folder" {
			t.Errorf("%+v %v", out, out.Err)
		}
	})
	t.Run("a script throws away what it does not want to see", func(t *testing.T) {
		const script = "#!/bin/sh\n" + `echo '{"type":"hello","protocol":"consentry.detector/1","name":"script","version":"1","algs":[],"wants":{"planes":["y"],"frames":"keys"},"network":false}'
while read -r line; do case $line in *'"end"'*) break;; esac; done
echo noise >/dev/null && echo '{"type":"finding","claim":"hint","text":"quiet"}'
echo '{"type":"done","frames":0}'
`
		name := filepath.Join(t.TempDir(), "script")
		if err := os.WriteFile(name, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		p, err := detector.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if out := ask(t, p); out.Err != nil || len(out.Findings) != 1 || out.Findings[0].Text != "quiet" {
			t.Errorf("%+v %v", out, out.Err)
		}
	})
	for _, name := range []string{"plain", "missing"} {
		if _, err := detector.Open(filepath.Join(folder, name)); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
	if _, err := detector.Open(t.TempDir()); err == nil {
		t.Error("a folder without a detector was opened")
	}
}

func TestOpenRefusesALargeProgram(t *testing.T) {
	for _, c := range []struct {
		size int64
		ok   bool
	}{{64 << 10, true}, {512<<20 + 1, false}} {
		name := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(name, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, c.size); err != nil { // a hole: no space is taken
			t.Fatal(err)
		}
		if _, err := detector.Open(name); (err == nil) != c.ok {
			t.Errorf("%d bytes: %v", c.size, err)
		}
	}
}
