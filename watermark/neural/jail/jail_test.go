//go:build linux

package jail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/watermark/neural"
)

// The tests are inside the package because a hostile child speaks the protocol, which is not exported.

// childArgument starts this test binary as a child with the behaviour that the next argument names.
const childArgument = "__child"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == childArgument {
		os.Exit(children[os.Args[2]]())
	}
	os.Exit(m.Run())
}

// engine is a library whose one network does as it was told.
type engine func(in neural.Tensor) (neural.Tensor, error)

func (e engine) Session([]byte, string, string) (neural.Runner, error) { return e, nil }

func (e engine) Run(in neural.Tensor) (neural.Tensor, error) { return e(in) }

// sums answers with the sum of the picture and with its shape.
func sums(in neural.Tensor) (neural.Tensor, error) {
	out := make([]float32, 32)
	for _, v := range in.Data {
		out[0] += v
	}
	for i, d := range in.Shape {
		out[1+i] = float32(d)
	}
	return neural.Tensor{Data: out}, nil
}

const libraryText = "a library"

var children = map[string]func() int{
	"sum": func() int { return serve(sums) },
	"fail": func() int {
		return serve(func(neural.Tensor) (neural.Tensor, error) { return neural.Tensor{}, errors.New("no luck\x1b[31m") })
	},
	"die": func() int {
		return serve(func(neural.Tensor) (neural.Tensor, error) { return signalSelf(unix.SIGKILL) })
	},
	"segfault": func() int {
		return serve(func(neural.Tensor) (neural.Tensor, error) { return signalSelf(unix.SIGSEGV) })
	},
	"panic": func() int { return serve(func(neural.Tensor) (neural.Tensor, error) { panic("a bug in the library") }) },
	"spin":  func() int { return serve(func(neural.Tensor) (neural.Tensor, error) { return spin() }) },
	"hog":   func() int { return serve(hog) },
	"flood": func() int {
		return serve(func(neural.Tensor) (neural.Tensor, error) {
			return neural.Tensor{Data: make([]float32, neural.MaxAnswer+1)}, nil
		})
	},
	"most": func() int {
		return serve(func(neural.Tensor) (neural.Tensor, error) {
			return neural.Tensor{Data: make([]float32, neural.MaxAnswer)}, nil
		})
	},
	"no library": func() int { return Serve(func(string) (Engine, error) { return nil, errors.New("does not load") }) },
	"the library": func() int {
		return Serve(func(path string) (Engine, error) {
			b, err := os.ReadFile(path)
			if err != nil || string(b) != libraryText {
				return nil, errors.New("other bytes")
			}
			return engine(sums), nil
		})
	},
	"reach": func() int {
		return serve(func(neural.Tensor) (neural.Tensor, error) {
			return neural.Tensor{}, errors.New("reached: " + reached())
		})
	},
	"mute":          func() int { _, _ = spin(); return 0 },
	"never a child": func() int { return 7 },
	"rubbish":       func() int { return says([]byte("rubbish")) },
	"answers first": func() int { return says(answer{1}.append(nil)) },
	"escapes":       func() int { return says(append([]byte{kindError, 4, 0}, "\x1b[3m"...)) },
	"too long":      func() int { return says(make([]byte, maxMessage+1)) },
	"says nothing":  func() int { return says(nil) },
}

func serve(e engine) int { return Serve(func(string) (Engine, error) { return e, nil }) }

// says is a child that sends one message and waits.
func says(message []byte) int {
	_ = confine.Send(message)
	time.Sleep(5 * time.Second)
	return 0
}

func signalSelf(s syscall.Signal) (neural.Tensor, error) {
	_ = unix.Kill(os.Getpid(), s)
	select {}
}

func spin() (neural.Tensor, error) {
	for i := 0; ; i++ {
		if i < 0 {
			return neural.Tensor{}, nil
		}
	}
}

// hog takes memory and uses it, outside of what the race detector keeps account of.
func hog(neural.Tensor) (neural.Tensor, error) {
	for {
		b, err := unix.Mmap(-1, 0, 16<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			return neural.Tensor{}, err
		}
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
	}
}

// reached lists what the process can do that no reader of marks needs.
func reached() string {
	var list []string
	for _, path := range []string{"/etc/passwd", "/proc/self/environ", os.TempDir()} {
		if f, err := os.Open(path); err == nil {
			f.Close()
			list = append(list, "open "+path)
		}
	}
	if fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); err == nil {
		unix.Close(fd)
		list = append(list, "socket")
	}
	if unix.Kill(os.Getppid(), 0) == nil {
		list = append(list, "signal the parent")
	}
	if os.Getenv("HOME")+os.Getenv("PATH") != "" {
		list = append(list, "environment")
	}
	return strings.Join(list, ", ")
}

// configured is a configuration whose child behaves in a way.
func configured(t *testing.T, behaviour string) Config {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	library := filepath.Join(t.TempDir(), "library.so")
	if err := os.WriteFile(library, []byte(libraryText), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(libraryText))
	model := forge.Model{
		Inputs:  []forge.ModelValue{{Name: "frame", Type: 1, Shape: []int64{1, 3, 1, -1, -1}}},
		Outputs: []forge.ModelValue{{Name: "bits", Type: 1, Shape: []int64{1, 32}}},
	}.Bytes()
	n, err := neural.Recognise(neural.RivaGAN, model)
	if err != nil {
		t.Fatal(err)
	}
	return Config{Library: library, SHA256: hex.EncodeToString(sum[:]), Network: n, Model: model, Command: []string{exe, childArgument, behaviour}}
}

func opened(t *testing.T, cfg Config) *Process {
	t.Helper()
	p, err := Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func picture3x2() neural.Tensor {
	t := neural.Tensor{Shape: []int64{1, 3, 1, 2, 3}}
	for i := range 18 {
		t.Data = append(t.Data, float32(i))
	}
	return t
}

func TestAPictureReachesTheNetworkAndItsAnswerComesBack(t *testing.T) {
	p := opened(t, configured(t, "sum"))
	for range 3 {
		out, err := p.Run(picture3x2())
		if err != nil || len(out.Data) != 32 || out.Data[0] != 153 || out.Data[5] != 3 {
			t.Fatalf("%v, %v", out, err)
		}
	}
	for _, in := range []neural.Tensor{{}, {Shape: []int64{1, 3}, Data: make([]float32, 2)}, {Shape: []int64{-1}}, {Shape: []int64{1 << 40}}} {
		if _, err := p.Run(in); err == nil {
			t.Errorf("%v was taken", in.Shape)
		}
	}
	if _, err := p.Run(picture3x2()); err != nil {
		t.Errorf("a bad picture broke the reader: %v", err)
	}
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	if _, err := p.Run(picture3x2()); err == nil {
		t.Error("a closed network answers")
	}
}

// TestAnAnswerHasSoManyNumbersAtMost at the limit and one past it.
func TestAnAnswerHasSoManyNumbersAtMost(t *testing.T) {
	if out, err := opened(t, configured(t, "most")).Run(picture3x2()); err != nil || len(out.Data) != neural.MaxAnswer {
		t.Errorf("%d numbers, %v", len(out.Data), err)
	}
	if _, err := opened(t, configured(t, "flood")).Run(picture3x2()); err == nil || !strings.Contains(err.Error(), "1025 numbers") {
		t.Errorf("%v", err)
	}
}

// Whatever a child does, it costs the answer and nothing else, in time.
func TestWhateverAChildDoesCostsTheAnswerOnly(t *testing.T) {
	for name, says := range map[string]string{
		"die": "", "segfault": "", "panic": "", "spin": "did not answer within", "fail": "no luck", "hog": "memory",
	} {
		t.Run(name, func(t *testing.T) {
			cfg := configured(t, name)
			cfg.Limits = Limits{Memory: 768 << 20}
			if name == "spin" {
				cfg.Limits.Answer = 200 * time.Millisecond
			}
			p := opened(t, cfg)
			_, err := p.Run(picture3x2())
			var failed *Error
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), says) || strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("%v", err)
			}
			if _, again := p.Run(picture3x2()); !errors.Is(again, err) {
				t.Errorf("later: %v", again)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour string
		change    func(*Config)
	}{
		"a library that is not there":   {"sum", func(c *Config) { c.Library += "x" }},
		"a library with another digest": {"sum", func(c *Config) { c.SHA256 = strings.Repeat("0", 64) }},
		"a library that does not load":  {"no library", nil},
		"a child that is silent":        {"mute", func(c *Config) { c.Limits.Start = 200 * time.Millisecond }},
		"a program that is no child":    {"never a child", nil},
		"a program that is not there":   {"sum", func(c *Config) { c.Command = []string{"/nowhere/at/all"} }},
		"this very process":             {"sum", func(c *Config) { c.Command = os.Args }},
		"rubbish":                       {"rubbish", nil},
		"an answer before the greeting": {"answers first", nil},
		"an explanation with escapes":   {"escapes", nil},
		"a message that is too long":    {"too long", nil},
		"an empty message":              {"says nothing", nil},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := configured(t, c.behaviour)
			if c.change != nil {
				c.change(&cfg)
			}
			p, err := Open(context.Background(), cfg)
			var failed *Error
			if p != nil || !errors.As(err, &failed) || strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("%v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, configured(t, "sum")); err == nil {
		t.Error("opened for a caller who gave up")
	}
}

// A child reads the very bytes that were checked.
func TestTheChildLoadsWhatWasChecked(t *testing.T) { opened(t, configured(t, "the library")) }

func TestTheChildReachesNothing(t *testing.T) {
	p := opened(t, configured(t, "reach"))
	_, err := p.Run(picture3x2())
	if err == nil {
		t.Fatal("the probe did not speak")
	}
	if len(p.Missing()) > 0 {
		t.Skipf("this system does not grant all: %q", p.Missing())
	}
	if !strings.HasSuffix(err.Error(), "reached: ") {
		t.Errorf("the child could: %v", err)
	}
}

// messages are one of each kind.
func messages() [][]byte {
	return [][]byte{
		config{input: "x", output: "y", modelSize: 1, numbers: 2, memory: 3, time: 4, fold: 18}.append(nil),
		picture{1, 3, 224, 224}.append(nil),
		ready{syscalls: true, missing: []string{"Landlock: no"}}.append(nil),
		ready{}.append(nil),
		answer{1, -2, 3.5}.append(nil),
		failure("it died").append(nil),
	}
}

func TestMessagesComeBackAsTheyWere(t *testing.T) {
	for _, b := range messages() {
		m, err := parse(b)
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if got := m.(interface{ append([]byte) []byte }).append(nil); string(got) != string(b) {
			t.Errorf("%q became %q", b, got)
		}
		for cut := range len(b) {
			if m, err := parse(b[:cut]); err == nil {
				t.Errorf("%q cut to %d: %v", b, cut, m)
			}
		}
		if m, err := parse(append(b, 0)); err == nil {
			t.Errorf("%q and a byte more: %v", b, m)
		}
	}
}

// Each length and count in a message at its limit, where it is read, and one past it.
func TestMessagesAreBounded(t *testing.T) {
	text := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		most int
		with func(n int) []byte
	}{
		"a name in a graph":               {maxName, func(n int) []byte { return config{input: text(n)}.append(nil) }},
		"rows of an answer":               {neural.MaxAnswer, func(n int) []byte { return config{fold: int64(n)}.append(nil) }},
		"numbers of a shape":              {maxRank, func(n int) []byte { return make(picture, n).append(nil) }},
		"things that the system refuses":  {maxMissing, func(n int) []byte { return ready{missing: make([]string, n)}.append(nil) }},
		"a thing that the system refuses": {maxSaid, func(n int) []byte { return ready{missing: []string{text(n)}}.append(nil) }},
		"numbers of an answer":            {neural.MaxAnswer, func(n int) []byte { return make(answer, n).append(nil) }},
		"what went wrong":                 {maxDetail, func(n int) []byte { return failure(text(n)).append(nil) }},
	} {
		if _, err := parse(c.with(c.most)); err != nil {
			t.Errorf("%s of %d: %v", name, c.most, err)
		}
		if m, err := parse(c.with(c.most + 1)); err == nil {
			t.Errorf("%s of %d: %v", name, c.most+1, m)
		}
	}
	if _, err := parse(append([]byte{kindPicture}, make([]byte, maxMessage)...)); err == nil {
		t.Error("a message that is longer than any")
	}
}

// FuzzParse: what is accepted is written as the same bytes again.
func FuzzParse(f *testing.F) {
	for _, b := range messages() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parse(b)
		if err != nil {
			return
		}
		if again := m.(interface{ append([]byte) []byte }).append(nil); string(again) != string(b) {
			t.Fatalf("%q is read as %v, which is %q", b, m, again)
		}
	})
}
