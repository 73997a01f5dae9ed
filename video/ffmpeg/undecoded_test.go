package ffmpeg_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
)

// TestWhatIsNotDecodedIsSaidInWords: an unknown container has no name to speak of.
func TestWhatIsNotDecodedIsSaidInWords(t *testing.T) {
	for format, want := range map[string]string{"": "the container is not recognized", "jpeg": "video and sound are decoded, and a jpeg file is neither"} {
		src := video.Source{Format: format, Data: bytes.NewReader([]byte("x")), Size: 1}
		_, err := ffmpeg.Decoder{}.Decode(t.Context(), src, video.Want{}, video.Sink{})
		var failed *video.Error
		if !errors.As(err, &failed) || failed.Reason != video.ReasonFormat || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", format, err)
		}
	}
}
