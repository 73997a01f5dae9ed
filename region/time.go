package region

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Time is a span of presentation time, or of wall-clock time. A nil end is open. Clock spans contain nothing: when an
// asset's first frame was taken is not known.
type Time struct {
	Wall       bool
	Start, End *time.Duration // from the start of the asset; nil for a wall-clock span
	// EndIncluded says that the end belongs to the span; by default it does not.
	EndIncluded bool
}

// maxTime keeps hours that a file names far from overflow. The longest real recording is shorter than a thousand hours.
const maxTime = 100000 * time.Hour

var npt = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d+(\.\d*)?|\d+:[0-5]?\d:[0-5]?\d(\.\d*)?)$`) })

func parseTime(v any, path string) (*Time, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, &SyntaxError{path, "not a map"}
	}
	kind, included := "npt", ""
	if err := text(m, "type", path+".type", &kind, false); err != nil {
		return nil, err
	}
	if err := text(m, "endInclusivity", path+".endInclusivity", &included, false); err != nil {
		return nil, err
	}
	t := &Time{}
	switch included {
	case "", "exclusive":
	case "inclusive":
		t.EndIncluded = true
	default:
		return nil, &SyntaxError{path + ".endInclusivity", fmt.Sprintf("%q is neither inclusive nor exclusive", included)}
	}
	switch kind {
	case "npt":
		return t, t.parseNPT(m, path)
	case "wallClock":
		t.Wall = true
		return t, parseWall(m, path)
	}
	return nil, &SyntaxError{path + ".type", fmt.Sprintf("%q is no kind of time", kind)}
}

func (t *Time) parseNPT(m map[string]any, path string) error {
	for _, s := range []struct {
		name string
		to   **time.Duration
	}{{"start", &t.Start}, {"end", &t.End}} {
		raw, ok := m[s.name]
		if !ok {
			continue
		}
		str, ok := raw.(string)
		if !ok || len(str) > 32 || !npt().MatchString(str) {
			return &SyntaxError{path + "." + s.name, "not a normal play time"}
		}
		d, ok := parseNPT(str)
		if !ok {
			return &SyntaxError{path + "." + s.name, "past the limit of 100,000 hours"}
		}
		*s.to = &d
	}
	if t.Start != nil && t.End != nil && *t.End < *t.Start {
		return &SyntaxError{path, "ends before it starts"}
	}
	return nil
}

// parseNPT reads seconds or hours:minutes:seconds, with a fraction. The form was checked.
func parseNPT(s string) (time.Duration, bool) {
	seconds := 0.0
	for _, part := range strings.Split(s, ":") {
		f, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0, false
		}
		seconds = seconds*60 + f
	}
	if seconds > maxTime.Seconds() {
		return 0, false
	}
	return time.Duration(math.Round(seconds * float64(time.Second))), true
}

func parseWall(m map[string]any, path string) error {
	var at [2]time.Time
	for i, name := range []string{"start", "end"} {
		raw, ok := m[name]
		if !ok {
			continue
		}
		str, ok := raw.(string)
		if !ok {
			return &SyntaxError{path + "." + name, "not text"}
		}
		var err error
		if at[i], err = time.Parse(time.RFC3339Nano, str); err != nil {
			return &SyntaxError{path + "." + name, "not an RFC 3339 time"}
		}
	}
	if at[0].IsZero() && at[1].IsZero() {
		return &SyntaxError{path, "a wall-clock span without an end"}
	}
	if !at[0].IsZero() && !at[1].IsZero() && at[1].Before(at[0]) {
		return &SyntaxError{path, "ends before it starts"}
	}
	return nil
}

func (t *Time) contains(at time.Duration) bool {
	if t.Wall {
		return false
	}
	if t.Start != nil && at < *t.Start {
		return false
	}
	return t.End == nil || at < *t.End || t.EndIncluded && at == *t.End
}
