//go:build linux

package jail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/persons"
)

const libraryText = "a library"

// configured is a configuration with a child that behaves as named, and a file in place of a library.
func configured(t testing.TB, behaviour string) Config {
	t.Helper()
	if children[behaviour] == nil {
		t.Fatalf("no behaviour %q", behaviour)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "library")
	if err := os.WriteFile(path, []byte(libraryText), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(libraryText))
	return Config{
		Library: Library{Path: path, SHA256: hex.EncodeToString(sum[:])}, Model: forge.FaceModel("centerface").Bytes(),
		Command: []string{exe, childArgument, behaviour},
	}
}

func opened(t testing.TB, cfg Config) *Detector {
	t.Helper()
	d, err := Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func reason(err error) string {
	var e *persons.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// shown is a picture whose first pixel is what the child goes by.
func shown(first byte) *persons.Picture {
	p := &persons.Picture{Width: 60, Height: 50, RGB: make([]byte, 3*60*50)}
	p.RGB[0] = first
	return p
}

func TestDetect(t *testing.T) {
	d := opened(t, configured(t, "see"))
	if d.Network() != "centerface" || d.Workers() != 2 || len(d.Models()) != 2 || d.Models()[0].Name != "centerface" {
		t.Errorf("%s, %d workers, %v", d.Network(), d.Workers(), d.Models())
	}
	sum := sha256.Sum256(forge.FaceModel("centerface").Bytes())
	if d.Models()[0].SHA256 != hex.EncodeToString(sum[:]) {
		t.Error("the digest is not that of the model's file")
	}
	var all sync.WaitGroup
	for first := range 40 {
		all.Go(func() {
			found, err := d.Detect(context.Background(), shown(byte(26+first*5)))
			if err != nil || len(found) != 1 {
				t.Errorf("%d faces: %v", len(found), err)
				return
			}
			f := found[0]
			if want := float64(26+first*5) / 256; math.Abs(f.Score-want) > 1e-6 || math.Abs(f.X*60-4) > 1e-4 || math.Abs(f.W*60-12) > 1e-4 {
				t.Errorf("%+v, not %g: the answer to another picture?", f, want)
			}
		})
	}
	all.Wait()
	if found, err := d.Detect(context.Background(), shown(0)); err != nil || len(found) != 0 {
		t.Errorf("an empty picture: %d faces: %v", len(found), err)
	}
	if _, err := d.Detect(context.Background(), &persons.Picture{Width: 9, Height: 9}); reason(err) != persons.ReasonLimit {
		t.Errorf("a picture without bytes: %v", err)
	}
	if _, err := d.Detect(context.Background(), shown(99)); err != nil {
		t.Errorf("a bad picture broke the detector: %v", err)
	}
}

func TestClose(t *testing.T) {
	d := opened(t, configured(t, "see"))
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	if _, err := d.Detect(context.Background(), shown(9)); reason(err) != persons.ReasonCancelled {
		t.Errorf("after closing: %v", err)
	}
}

// Whatever a child does, it costs the answer and nothing else, in time.
func TestDetect_misbehaviour(t *testing.T) {
	for name, want := range map[string]string{
		"die": persons.ReasonCrash, "segfault": persons.ReasonCrash, "panic": persons.ReasonCrash, "exit": persons.ReasonCrash,
		"spin": persons.ReasonTimeout, "fail": persons.ReasonCrash, "hog": persons.ReasonLimit,
	} {
		t.Run(name, func(t *testing.T) {
			cfg := configured(t, name)
			switch name {
			case "spin":
				cfg.Limits = short
			case "hog":
				cfg.Limits = Limits{Memory: 768 << 20, Workers: 1}
			}
			d := opened(t, cfg)
			_, err := d.Detect(context.Background(), shown(evil))
			if reason(err) != want {
				t.Errorf("%v, not %s", err, want)
			}
			if strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("%q reaches the report", err)
			}
			if _, again := d.Detect(context.Background(), shown(9)); !errors.Is(again, err) && again.Error() != err.Error() {
				t.Errorf("later: %v", again)
			}
		})
	}
}

func TestDetect_cancelled(t *testing.T) {
	d := opened(t, configured(t, "spin"))
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := d.Detect(ctx, shown(evil)); reason(err) != persons.ReasonTimeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, configured(t, "see")); reason(err) != persons.ReasonCancelled {
		t.Errorf("opened by a caller who gave up: %v", err)
	}
}

// What is wrong at the start is told by name.
func TestOpen_refuses(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour string
		change    func(*Config)
		want      string
	}{
		"a library that is not there":    {"see", func(c *Config) { c.Library.Path += "x" }, persons.ReasonLibrary},
		"a library that is a folder":     {"see", func(c *Config) { c.Library.Path = filepath.Dir(c.Library.Path) }, persons.ReasonLibrary},
		"a library with another digest":  {"see", func(c *Config) { c.Library.SHA256 = strings.Repeat("0", 64) }, persons.ReasonLibrary},
		"a library without a digest":     {"see", func(c *Config) { c.Library.SHA256 = "" }, persons.ReasonLibrary},
		"a library that does not load":   {"no library", nil, persons.ReasonLibrary},
		"no model":                       {"see", func(c *Config) { c.Model = nil }, persons.ReasonModel},
		"a model of another kind":        {"see", func(c *Config) { c.Model = forge.Model{}.Bytes() }, persons.ReasonModel},
		"a model that the library hates": {"no model", nil, persons.ReasonModel},
		"a network that sees nothing":    {"blind", nil, persons.ReasonSelfTest},
		"a child that is silent":         {"mute", func(c *Config) { c.Limits.Start = 200 * time.Millisecond }, persons.ReasonTimeout},
		"a program that is no child":     {"never a child", nil, persons.ReasonCrash},
		"a program that is not there":    {"see", func(c *Config) { c.Command = []string{"/nowhere/at/all"} }, persons.ReasonUnavailable},
		"this very process":              {"see", func(c *Config) { c.Command = os.Args }, persons.ReasonUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := configured(t, c.behaviour)
			if c.change != nil {
				c.change(&cfg)
			}
			d, err := Open(context.Background(), cfg)
			if d != nil || reason(err) != c.want {
				t.Errorf("%v, not %s", err, c.want)
			}
			if folder := filepath.Dir(cfg.Library.Path); strings.Contains(err.Error(), folder) || strings.Contains(err.Error(), filepath.Base(filepath.Dir(folder))) {
				t.Errorf("%v: it names a folder", err)
			}
		})
	}
}

// A child reads the very bytes that were checked.
func TestOpen_library(t *testing.T) { opened(t, configured(t, "the library")) }

// What the confinement says must be so, and what the child tries must fail.
func TestChild_reachesNothing(t *testing.T) {
	d := opened(t, configured(t, "reach"))
	held := d.Confinement()
	t.Logf("confinement: %+v", held)
	_, err := d.Detect(context.Background(), shown(evil))
	if err == nil {
		t.Fatal("the probe did not speak")
	}
	if !held.Syscalls && !held.Files {
		t.Skip("this kernel has neither seccomp nor landlock")
	}
	if !strings.HasSuffix(err.Error(), "reached: ") {
		t.Errorf("the child could: %v", err)
	}
}

// The probe of the test above finds what there is to find: outside of a jail most of it works.
func TestChild_reachesMuchOutside(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(exe, childArgument, "reach freely").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"open /etc/passwd", "socket", "signal the parent", "memfd", "executable memory"} {
		if !bytes.Contains(out, []byte(what)) {
			t.Errorf("the probe did not find: %s", what)
		}
	}
}

func TestServe_outsideOfAJail(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(exe, childArgument, "see").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitWrong || !strings.Contains(string(out), "not started as the child") {
		t.Errorf("%v: %s", err, out)
	}
}

var hostiles = map[string]struct {
	reason string
	say    func(*child)
}{
	"garbage":                {persons.ReasonProtocol, func(c *child) { _ = confine.Send([]byte("\xff\x00\x17 nonsense")) }},
	"a second greeting":      {persons.ReasonProtocol, func(c *child) { _ = confine.Send(ready{}.append(nil)) }},
	"a message too long":     {persons.ReasonProtocol, func(c *child) { _ = confine.Send(make([]byte, maxMessage+1)) }},
	"a box outside":          {persons.ReasonProtocol, func(c *child) { _ = confine.Send(malformed["a box past the right"]) }},
	"no number":              {persons.ReasonProtocol, func(c *child) { _ = confine.Send(malformed["a box that is no number"]) }},
	"one face too many":      {persons.ReasonProtocol, func(c *child) { _ = confine.Send(malformed["one face too many"]) }},
	"a false cancellation":   {persons.ReasonProtocol, func(c *child) { _ = confine.Send(malformed["a cancellation that is not its"]) }},
	"an endless template":    {persons.ReasonProtocol, func(*child) { _ = confine.Send(malformed["a number past the largest"]) }},
	"a template that is cut": {persons.ReasonProtocol, func(*child) { _ = confine.Send(malformed["a template cut"]) }},
	"a hung up socket": {persons.ReasonCrash, func(*child) {
		_ = os.NewFile(confine.Socket, "socket").Close()
		_ = spin()
	}},
}

func TestDetect_hostileChild(t *testing.T) {
	for name, h := range hostiles {
		t.Run(name, func(t *testing.T) {
			cfg := configured(t, name)
			cfg.Limits.Workers = 1
			d := opened(t, cfg)
			if found, err := d.Detect(context.Background(), shown(9)); reason(err) != h.reason || found != nil {
				t.Errorf("%d faces, %v, not %s", len(found), err, h.reason)
			}
		})
	}
}

// aChip is a picture that a template can be made of.
func aChip() *persons.Picture {
	return &persons.Picture{Width: persons.ChipSide, Height: persons.ChipSide, RGB: make([]byte, 3*persons.ChipSide*persons.ChipSide)}
}

// A child that lies about a template ends the detector, as one that lies about faces does.
func TestTemplate_hostileChild(t *testing.T) {
	for name, h := range hostiles {
		t.Run(name, func(t *testing.T) {
			cfg := configured(t, name)
			cfg.Limits.Workers, cfg.Templates = 1, &Templates{Model: []byte("a network"), SHA256: "of it"}
			d := opened(t, cfg)
			if got, err := d.Template(context.Background(), aChip()); reason(err) != h.reason || got != (persons.Template{}) {
				t.Errorf("%v, not %s", err, h.reason)
			}
			if _, err := d.Detect(context.Background(), shown(9)); reason(err) != h.reason {
				t.Errorf("and then %v", err)
			}
		})
	}
}

// No template is made where none was asked for, of what is no chip, or by a network that gives other numbers than known.
func TestTemplate_refuses(t *testing.T) {
	cfg := configured(t, "see")
	cfg.Limits.Workers = 1
	d := opened(t, cfg)
	if _, err := d.Template(context.Background(), aChip()); reason(err) != persons.ReasonLimit {
		t.Errorf("nobody asked for templates: %v", err)
	}
	cfg.Templates = &Templates{Model: []byte("a network")}
	if _, err := Open(context.Background(), cfg); reason(err) != persons.ReasonSelfTest {
		t.Errorf("another network: %v", err)
	}
	cfg = configured(t, "garbage")
	cfg.Limits.Workers, cfg.Templates = 1, &Templates{Model: []byte("a network")}
	d = opened(t, cfg)
	if _, err := d.Template(context.Background(), shown(9)); reason(err) != persons.ReasonLimit {
		t.Errorf("no chip: %v", err)
	}
}

func TestLimits(t *testing.T) {
	if got := (Limits{Workers: 99, Start: -1, Memory: 5}).WithDefaults(); got.Workers != maxWorkers || got.Start != DefaultLimits.Start || got.Memory != 5 {
		t.Errorf("%+v", got)
	}
	if (Limits{}).WithDefaults() != DefaultLimits {
		t.Error("the zero value stands for something else")
	}
}

// The way of a picture to a child and of its faces back, without the network.
func BenchmarkDetect(b *testing.B) {
	d := opened(b, configured(b, "see"))
	p := &persons.Picture{Width: 640, Height: 360, RGB: make([]byte, 3*640*360)}
	b.SetBytes(int64(len(p.RGB)))
	for b.Loop() {
		if _, err := d.Detect(context.Background(), p); err != nil {
			b.Fatal(err)
		}
	}
}
