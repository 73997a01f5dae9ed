//go:build linux

package jail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/video"
)

// source is some bytes to paint with.
func source() video.Source {
	b := make([]byte, 3<<20)
	rand.New(rand.NewSource(1)).Read(b)
	return video.Source{Data: bytes.NewReader(b), Size: int64(len(b)), Format: "paint"}
}

var all = video.Want{Mode: video.AllFrames, Track: -1}

func nothing(*video.Info) error { return nil }

// text is everything about a frame, for comparison.
func text(f *video.Frame) string {
	s := fmt.Sprintf("%d %v %v %v %dx%d %d bits %d:%d %+v", f.Index, f.Time, f.Key, f.Corrupt, f.Width, f.Height, f.BitDepth, f.ChromaX, f.ChromaY, f.Color)
	for _, p := range []video.Plane{f.Y, f.Cb, f.Cr} {
		s += fmt.Sprintf(" %dx%d", p.Width, p.Height)
		row := p.Width
		if f.BitDepth > 8 {
			row *= 2
		}
		for y := range p.Height {
			s += fmt.Sprintf("%x", p.Data[y*p.Stride:y*p.Stride+row])
		}
	}
	return s
}

// words is everything about a block of sound, for comparison.
func words(a *video.Audio) string {
	s := fmt.Sprintf("%d track %d %v %d Hz %d %v", a.Index, a.Track, a.Time, a.Rate, a.Samples, a.Corrupt)
	for _, p := range a.Planes {
		s += fmt.Sprintf(" %x", p)
	}
	return s
}

func reason(err error) string {
	var v *video.Error
	if errors.As(err, &v) {
		return v.Reason
	}
	return fmt.Sprint(err)
}

func TestDecode_givesWhatTheDecoderGives(t *testing.T) {
	var want []string
	_, err := painter{}.Decode(context.Background(), source(), all, video.Sink{Info: nothing, Frame: func(f *video.Frame) error {
		f.Color.Matrix = 255 // what does not fit the field is brought into range on the way
		want = append(want, text(f))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var info *video.Info
	res, err := jailed(t, "paint").Decode(context.Background(), source(), all, video.Sink{Info: func(i *video.Info) error { info = i; return nil }, Frame: func(f *video.Frame) error { got = append(got, text(f)); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != painted || res.Frames != painted || res.Key != 3 || res.Packets != painted || res.Broken != nil {
		t.Fatalf("%d frames, result %+v", len(got), res)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("frame %d:\n%.200s\nwant\n%.200s", i, got[i], want[i])
		}
	}
	v := info.Tracks[0]
	if info.Format != "paint" || len(info.Tracks) != 2 || v.ID != -5 || v.Rotation != 270 || !v.Mirrored || v.SampleAspect != [2]int{4, 3} ||
		len(v.EditList) != 1 || v.EditList[0].MediaTime != -1 || v.Sample.Last != 99 || info.Tracks[1].Channels != 2 {
		t.Errorf("info %+v", info)
	}
	if len(res.Samples) != 1 || res.Samples[0].Last != 3<<20 {
		t.Errorf("samples %+v", res.Samples)
	}
	if !info.Confinement.Process {
		t.Errorf("confinement %+v", info.Confinement)
	}
	t.Logf("confinement here: %+v", info.Confinement)
}

// Frames and sound of one pass come in the decoder's order; sound alone comes alone.
func TestDecode_givesTheSoundToo(t *testing.T) {
	for _, want := range []video.Want{{Mode: video.AllFrames, Track: -1, Audio: true, AudioTrack: -1}, {Audio: true, AudioTrack: 1}, all} {
		collect := func(d video.Decoder) (got []string, res *video.Result) {
			res, err := d.Decode(context.Background(), source(), want, video.Sink{
				Info: nothing,
				Frame: func(f *video.Frame) error {
					f.Color.Matrix = min(f.Color.Matrix, 255)
					got = append(got, text(f))
					return nil
				},
				Audio: func(a *video.Audio) error { got = append(got, words(a)); return nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			return got, res
		}
		direct, _ := collect(painter{})
		got, res := collect(jailed(t, "paint"))
		n := 0
		if want.Mode != video.InfoOnly {
			n += painted
		}
		if want.Audio {
			n += painted
			if res.Sound.Blocks != painted || res.Sound.Samples != painted+40*506 || res.Sound.Packets != 5 || res.Sound.Failed != nil {
				t.Errorf("%+v", res.Sound)
			}
		}
		if len(got) != n || !slices.Equal(got, direct) {
			t.Errorf("%+v: %d pieces, want %d, or others", want, len(got), n)
		}
	}
}

// Each child that does not behave gives the reason, within the deadline, after the frames that came before.
func TestDecode_misbehaviour(t *testing.T) {
	for _, c := range []struct {
		behaviour, reason, detail string
		frames                    int
		limits                    video.Limits
	}{
		{behaviour: "die", reason: video.ReasonCrash, detail: "killed", frames: paintedBefore},
		{behaviour: "segfault", reason: video.ReasonCrash, frames: paintedBefore},
		{behaviour: "panic", reason: video.ReasonCrash, detail: "a bug in the decoder", frames: paintedBefore},
		{behaviour: "exit", reason: video.ReasonCrash, detail: "without an answer", frames: paintedBefore},
		{behaviour: "spin", reason: video.ReasonTimeout, frames: paintedBefore, limits: video.Limits{DecodeTime: 2 * time.Second}},
		{behaviour: "mute", reason: video.ReasonTimeout, limits: video.Limits{OpenDuration: time.Second}},
		{behaviour: "mute", reason: video.ReasonTimeout, limits: video.Limits{DecodeTime: time.Second}},
		{behaviour: "hog", reason: video.ReasonLimit, frames: paintedBefore, limits: video.Limits{MemoryBytes: 768 << 20}},
		{behaviour: "fail", reason: video.ReasonFormat, detail: "no codec?[31m"},
		{behaviour: "a child that forgot", reason: video.ReasonUnavailable, detail: "did not call"},
		{behaviour: "never a child", reason: video.ReasonCrash, detail: "exit status 7"},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			frames := 0
			start := time.Now()
			res, err := jailed(t, c.behaviour).Decode(context.Background(), source(), video.Want{Mode: video.AllFrames, Track: -1, Limits: c.limits}, video.Sink{Info: nothing, Frame: func(*video.Frame) error { frames++; return nil }})
			if reason(err) != c.reason || !strings.Contains(err.Error(), c.detail) {
				t.Errorf("%v; want %s: …%s…", err, c.reason, c.detail)
			}
			if frames != c.frames || (res != nil && res.Frames != int64(frames)) {
				t.Errorf("%d frames, result %+v; want %d", frames, res, c.frames)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestDecode_damage(t *testing.T) {
	res, err := jailed(t, "damaged").Decode(context.Background(), source(), all, video.Sink{Info: nothing, Frame: func(*video.Frame) error { return nil }})
	if err != nil || res.Broken == nil || res.Broken.Offset != 17 || res.Broken.Why != "torn?" {
		t.Errorf("%+v, %v", res, err)
	}
	if s := res.Sound; s.Broken == nil || s.Broken.Offset != -1 || s.Broken.Why != "hoarse?" || s.Failed == nil || s.Failed.Error() != "not analysed: limit: too loud?" {
		t.Errorf("%+v", s)
	}
}

func TestDecode_cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	res, err := jailed(t, "spin").Decode(ctx, source(), all, video.Sink{Info: nothing, Frame: func(f *video.Frame) error {
		if f.Index == paintedBefore-1 {
			cancel()
		}
		return nil
	}})
	if reason(err) != video.ReasonCancelled || !errors.Is(err, context.Canceled) || res.Frames != paintedBefore {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestDecode_callbackErrors(t *testing.T) {
	mine := errors.New("mine")
	if _, err := jailed(t, "paint").Decode(context.Background(), source(), all, video.Sink{Info: func(*video.Info) error { return mine }}); err != mine {
		t.Errorf("info: %v", err)
	}
	res, err := jailed(t, "paint").Decode(context.Background(), source(), all, video.Sink{Info: nothing, Frame: func(f *video.Frame) error {
		if f.Index == 1 {
			return mine
		}
		return nil
	}})
	if err != mine || res.Frames != 2 {
		t.Errorf("frame: %v, %+v", err, res)
	}
	res, err = jailed(t, "paint").Decode(context.Background(), source(), video.Want{Audio: true, AudioTrack: -1}, video.Sink{Audio: func(a *video.Audio) error {
		if a.Index == 1 {
			return mine
		}
		return nil
	}})
	if err != mine || res.Sound.Blocks != 2 {
		t.Errorf("sound: %v, %+v", err, res)
	}
}

// failing is a source that breaks.
type failing struct{ at int64 }

var errDisk = errors.New("disk on fire")

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off >= f.at {
		return 0, errDisk
	}
	return int(min(int64(len(b)), f.at-off)), errDisk
}

func TestDecode_sourceFails(t *testing.T) {
	src := video.Source{Data: failing{500}, Size: 1 << 20, Format: "paint"}
	_, err := jailed(t, "paint").Decode(context.Background(), src, all, video.Sink{Info: nothing, Frame: func(*video.Frame) error { return nil }})
	if reason(err) != video.ReasonIO || !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
	// A file that became shorter.
	src = video.Source{Data: bytes.NewReader(make([]byte, 100)), Size: 1 << 20, Format: "paint"}
	_, err = jailed(t, "paint").Decode(context.Background(), src, all, video.Sink{Info: nothing, Frame: func(*video.Frame) error { return nil }})
	if reason(err) != video.ReasonIO || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

func TestDecode_limits(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits video.Limits
		want   error
	}{
		{"frames at the limit", video.Limits{Frames: painted}, nil},
		{"one frame past it", video.Limits{Frames: painted - 1}, &video.Error{Reason: video.ReasonLimit}},
		{"pixels at the limit", video.Limits{Pixels: 49 * 31}, nil},
		{"one pixel past it", video.Limits{Pixels: 49*31 - 1}, &video.Error{Reason: video.ReasonLimit}},
		{"channels at the limit", video.Limits{Channels: 3}, nil},
		{"one channel past it", video.Limits{Channels: 2}, &video.Error{Reason: video.ReasonLimit}},
		{"rate at the limit", video.Limits{SampleRate: 8011}, nil},
		{"one hertz past it", video.Limits{SampleRate: 8010}, &video.Error{Reason: video.ReasonLimit}},
		{"samples of a block at the limit", video.Limits{BlockSamples: 3 * 4841}, nil},
		{"one sample of a block past it", video.Limits{BlockSamples: 3*4841 - 1}, &video.Error{Reason: video.ReasonLimit}},
		{"samples at the limit", video.Limits{Samples: painted + 40*506}, nil},
		{"one sample past it", video.Limits{Samples: painted + 40*506 - 1}, &video.Error{Reason: video.ReasonLimit}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := jailed(t, "paint").Decode(context.Background(), source(), video.Want{Mode: video.AllFrames, Track: -1, Audio: true, AudioTrack: -1, Limits: c.limits}, video.Sink{Info: nothing})
			if (err == nil) != (c.want == nil) || (err != nil && reason(err) != reason(c.want)) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// What the confinement says must be so, and what the child tries must fail.
func TestChild_reachesNothing(t *testing.T) {
	var conf video.Confinement
	_, err := jailed(t, "reach").Decode(context.Background(), source(), all, video.Sink{Info: func(i *video.Info) error { conf = i.Confinement; return nil }})
	var v *video.Error
	if !errors.As(err, &v) {
		t.Fatal(err)
	}
	t.Logf("confinement: %+v", conf)
	if !conf.Syscalls && !conf.Files {
		t.Skip("this kernel has neither seccomp nor landlock")
	}
	if v.Detail != "" {
		t.Errorf("the child could: %s", v.Detail)
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
	for _, what := range []string{"open /etc/passwd", "create a file", "remove", "socket inet", "socket unix", "fork", "signal the parent", "memfd", "executable memory", "make a folder"} {
		if !bytes.Contains(out, []byte(what)) {
			t.Errorf("the probe did not find: %s", what)
		}
	}
}

// Each layer holds without the other.
func TestLayers(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"landlock alone", "seccomp alone"} {
		t.Run(name, func(t *testing.T) {
			if name == "landlock alone" && confine.LandlockVersion() == 0 {
				t.Skip("no landlock in this kernel")
			}
			if out, err := exec.Command(exe, childArgument, name).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func TestServe_outsideOfAJail(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(exe, childArgument, "paint").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitWrong || !bytes.Contains(out, []byte("not started as the child")) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestDecode_noSuchProgram(t *testing.T) {
	d := &Decoder{Command: []string{filepath.Join(t.TempDir(), "none")}}
	if _, err := d.Decode(context.Background(), source(), all, video.Sink{Info: nothing}); reason(err) != video.ReasonUnavailable {
		t.Errorf("%v", err)
	}
}

// The parent's thread that starts a child is restricted for good; none of the others may be.
func TestDecode_leavesTheParentFree(t *testing.T) {
	if _, err := jailed(t, "paint").Decode(context.Background(), source(), all, video.Sink{Info: nothing, Frame: func(*video.Frame) error { return nil }}); err != nil {
		t.Fatal(err)
	}
	for range 64 {
		f, err := os.CreateTemp(t.TempDir(), "free")
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	restricted := func() (n int) {
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			status, err := os.ReadFile("/proc/self/task/" + e.Name() + "/status")
			if err == nil && bytes.Contains(status, []byte("NoNewPrivs:\t1")) {
				n++
			}
		}
		return n
	}
	// The thread ends a moment after its goroutine.
	for end := time.Now().Add(10 * time.Second); restricted() > 0; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("a restricted thread is left")
		}
	}
}

// A child must not outlive its parent: the kernel is told so at its birth.
func TestDecode_leavesNoProcess(t *testing.T) {
	for _, b := range []string{"paint", "spin", "die"} {
		_, _ = jailed(t, b).Decode(context.Background(), source(), video.Want{Mode: video.AllFrames, Track: -1, Limits: video.Limits{DecodeTime: time.Second}}, video.Sink{Info: nothing, Frame: func(*video.Frame) error { return nil }})
	}
	var status unix.WaitStatus
	if pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}
