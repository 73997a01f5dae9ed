//go:build linux

package jail

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
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

var children = map[string]func() int{
	"see":      func() int { return serve(seer{}) },
	"blind":    func() int { return serve(seer{blind: true}) },
	"fail":     func() int { return serve(seer{then: func() error { return errors.New("no luck\x1b[31m") }}) },
	"die":      func() int { return serve(seer{then: func() error { return signalSelf(unix.SIGKILL) }}) },
	"segfault": func() int { return serve(seer{then: func() error { return signalSelf(unix.SIGSEGV) }}) },
	"spin":     func() int { return serve(seer{then: func() error { return spin() }}) },
	"panic":    func() int { return serve(seer{then: func() error { panic("a bug in the library") }}) },
	"hog":      func() int { return serve(seer{then: hog}) },
	"exit":     func() int { return serve(seer{then: func() error { os.Exit(0); return nil }}) },
	"reach":    func() int { return serve(seer{then: func() error { return errors.New("reached: " + reached()) }}) },
	"reach freely": func() int {
		fmt.Println(reached())
		return 0
	},
	"no library": func() int {
		return Serve(func(string) (Engine, error) {
			return nil, &persons.Error{Reason: persons.ReasonLibrary, Detail: "does not load"}
		})
	},
	"no model": func() int { return serve(seer{refuse: true}) },
	"the library": func() int {
		return Serve(func(path string) (Engine, error) {
			b, err := os.ReadFile(path)
			if err != nil || string(b) != libraryText {
				return nil, fmt.Errorf("%q: %v", b, err)
			}
			return seer{}, nil
		})
	},
	"mute":          func() int { _ = spin(); return 0 },
	"never a child": func() int { return 7 },
}

func init() {
	for name, h := range hostiles {
		children[name] = func() int { return hostile(h.say) }
	}
}

func serve(s seer) int { return Serve(func(string) (Engine, error) { return s, nil }) }

func signalSelf(s syscall.Signal) error {
	_ = unix.Kill(os.Getpid(), s)
	select {}
}

func spin() error {
	for i := 0; ; i++ { //nolint:all // on purpose
		if i < 0 {
			runtime.Gosched()
		}
	}
}

// hog takes memory and uses it, so that it is really there.
func hog() error {
	var all [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 512 {
			b[i] = 1
		}
		all = append(all, b)
		if len(all) > 1<<14 { // 16 GiB: the limit did not hold
			os.Exit(0)
		}
	}
}

// seer is a library without C++: its network sees the drawing of the self-test, and in every other picture one face
// whose score is what the first pixel says. A first pixel of 255 has it do what the test wants.
type seer struct {
	blind, refuse bool
	then          func() error
}

func (s seer) Session([]byte, *network.Network) (network.Runner, error) {
	if s.refuse {
		return nil, errors.New("of no use")
	}
	return s, nil
}

const evil = 255 // of the first pixel

func (s seer) Run(in network.Tensor) ([]network.Tensor, error) {
	first := in.Data[0]
	if first == evil && s.then != nil {
		if err := s.then(); err != nil {
			return nil, err
		}
	}
	w, h := in.Shape[3]/4, in.Shape[2]/4
	area := w * h
	var out []network.Tensor
	for _, c := range []int64{1, 2, 2, 10} {
		out = append(out, network.Tensor{Shape: []int64{1, c, h, w}, Data: make([]float32, c*area)})
	}
	if s.blind {
		return out, nil
	}
	i, score, side := 2*w+2, first/256, float32(12)
	if w == 32 { // the drawing: where selfTests says
		i, score, side = 17*w+16, .801, 128*.446
		out[2].Data[area+i] = -.2
	}
	out[0].Data[i] = score
	out[1].Data[i], out[1].Data[area+i] = log(side*.522/.446/4), log(side/4)
	return out, nil
}

func log(v float32) float32 { return float32(math.Log(float64(v))) }

// hostile greets as a good child does and then says what it likes, when it is shown a picture.
func hostile(say func(c *child)) int {
	c := &child{}
	if _, err := c.greeted(); err != nil {
		return exitWrong
	}
	if confine.Send(ready{}.append(nil)) != nil {
		return exitWrong
	}
	for {
		if _, err := c.receive(); err != nil {
			return exitDone
		}
		say(c)
	}
}

// reached tries what a network must not be able to do, and names what worked.
func reached() string {
	var worked []string
	try := func(name string, err error) {
		if err == nil {
			worked = append(worked, name)
		}
	}
	for _, f := range []string{"/etc/passwd", "/", "/proc/self/maps", "/dev/null", "/proc/self/fd/6", "/tmp"} {
		_, err := unix.Open(f, unix.O_RDONLY, 0)
		try("open "+f, err)
	}
	_, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	try("socket", err)
	try("signal the parent", unix.Kill(os.Getppid(), 0))
	_, err = unix.MemfdCreate("x", 0)
	try("memfd", err)
	_, err = unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	try("executable memory", err)
	_, err = unix.Mmap(fileModel, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	try("change the model", err)
	_, err = unix.Write(fileLibrary, []byte("x"))
	try("change the library", err)
	try("shorten the picture", unix.Ftruncate(filePicture, 1))
	if e := os.Environ(); len(e) != 1 {
		worked = append(worked, fmt.Sprintf("environment of %d variables", len(e)))
	}
	return strings.Join(worked, "; ")
}

// short are limits under which a test that waits for the end of its time does not wait long.
var short = Limits{Answer: 300 * time.Millisecond}
