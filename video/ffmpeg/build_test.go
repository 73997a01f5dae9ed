//go:build cgo && !noffmpeg

package ffmpeg_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every decoder and demuxer that scripts/ffmpeg.sh builds in has a clip of its own, which is held against what another
// program makes of it: what is in the build is read, and shown to be read rightly.
func TestWhatIsBuiltInHasAClip(t *testing.T) {
	script, err := os.ReadFile("../../scripts/ffmpeg.sh")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, c := range clips {
		have["decoder="+c.codec], have["demuxer="+c.format] = true, true
	}
	for _, c := range sounds {
		have["decoder="+c.codec], have["demuxer="+c.format] = true, true
	}
	called := map[string]string{ // where the build calls something otherwise than a track or a source does
		"decoder=libdav1d": "decoder=av1", "decoder=mp3float": "decoder=mp3", "decoder=mp2float": "decoder=mp2",
	}
	probes := map[string]bool{ // they only tell which codec a stream of a broadcast has: no source is opened with them
		"demuxer=mpegvideo": true, "demuxer=m4v": true, "demuxer=ac3": true, "demuxer=eac3": true, "demuxer=loas": true,
	}
	n := 0
	for _, m := range regexp.MustCompile(`--enable-(decoder|demuxer)=(\S+)`).FindAllSubmatch(script, -1) {
		for name := range strings.SplitSeq(string(m[2]), ",") {
			n++
			key := string(m[1]) + "=" + name
			if other := called[key]; other != "" {
				key = other
			}
			if !have[key] && !probes[key] {
				t.Errorf("%s is built in, and no clip needs it", key)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d decoders and demuxers were found", n)
	}
}
