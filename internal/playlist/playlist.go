// Package playlist reads what a playlist says belongs together: the renditions of a DASH presentation (.mpd, ISO/IEC
// 23009-1) or of an HLS one (.m3u8, RFC 8216), each with its initialization segments and media segments in playback
// order.
//
// A playlist is not signed, and nothing that it says is believed: it only names files. Names lead to files in the
// playlist's own folder or below it, and nowhere else: no host, no absolute path, no way up. There is no network, no
// document type and no entity. What is listed and cannot be judged (an alternative address, a trick-play list) is said
// in [Playlist.Unread]; what would make the list of files uncertain is a [*SyntaxError]. Start with [Read].
package playlist

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Limits of a playlist; docs/limits.md has the reasons and the tests.
const (
	MaxFile       = 4 << 20 // bytes of one playlist file
	MaxItems      = 100_000 // segments of all renditions together
	MaxRenditions = 256
	MaxElements   = 200_000 // elements of an .mpd, lines of an .m3u8
	MaxDepth      = 16      // nested elements
	MaxPath       = 1024    // bytes of a file's path
	maxUnread     = 64      // notes
	maxAddress    = 4 * MaxPath
	maxWork       = 128 << 20 // bytes of all addresses that are worked out, and one for each rendition
)

// Whole is the [Ref.Length] of a whole file.
const Whole = int64(-1)

// Ref is a file, or a range of one.
type Ref struct {
	Path   string // with slashes, below the playlist's folder; it may not exist
	Offset int64
	Length int64 // Whole: to the end of the file
}

// Item is a segment of a rendition.
type Item struct {
	Ref
	Init bool // an initialization segment
}

// Rendition is one way to play the content, or a part of it: one size of the picture, one language of the sound.
type Rendition struct {
	Name  string // unique in its playlist
	Items []Item // in playback order
}

// Playlist is what a playlist lists.
type Playlist struct {
	Renditions []Rendition
	Unread     []string // what it names and is not among the renditions, in plain words
}

// SyntaxError says where a playlist breaks the rules or asks for what is not allowed.
type SyntaxError struct {
	File   string
	Offset int64  // bytes from the start of the file
	Path   string // of the element, or the tag
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%q at byte %d: %s", e.File, e.Offset, e.Reason)
	}
	return fmt.Sprintf("%q at byte %d (%s): %s", e.File, e.Offset, e.Path, e.Reason)
}

// Read reads the playlist with the given name, a path below its folder. open gives the bytes of another file of the
// folder, for playlists of playlists; it is asked for no more than MaxFile bytes of each and may return io errors,
// which come back as they are. Other errors are a [*SyntaxError].
func Read(name string, data []byte, open func(path string) ([]byte, error)) (*Playlist, error) {
	r := &reader{open: open, out: &Playlist{}, names: map[string]bool{}}
	if err := r.file(name, data); err != nil {
		return nil, err
	}
	if len(r.out.Renditions) == 0 {
		return nil, &SyntaxError{File: name, Reason: "it lists no segment"}
	}
	return r.out, nil
}

// reader is the state of one reading.
type reader struct {
	open  func(string) ([]byte, error)
	out   *Playlist
	names map[string]bool
	items int

	renditions, work int
}

// file reads one playlist file by its content.
func (r *reader) file(name string, data []byte) error {
	if len(data) > MaxFile {
		return &SyntaxError{name, MaxFile, "", fmt.Sprintf("%d bytes; the limit is %d", len(data), MaxFile)}
	}
	for at := 0; at < len(data); {
		c, n := utf8.DecodeRune(data[at:])
		if c == utf8.RuneError && n == 1 || c == 0 {
			return &SyntaxError{name, int64(at), "", "not UTF-8 text"}
		}
		at += n
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte("#EXTM3U")) {
		return r.hls(name, data, false)
	}
	if text := bytes.TrimLeft(data, " \t\r\n"); len(text) > 0 && text[0] == '<' {
		return r.dash(name, data)
	}
	return &SyntaxError{File: name, Reason: "neither a DASH nor an HLS playlist"}
}

// rendition counts one before it is read, whatever comes of it.
func (r *reader) rendition() error {
	if r.renditions++; r.renditions > MaxRenditions {
		return fmt.Errorf("more than %d renditions", MaxRenditions)
	}
	return r.spend(1)
}

// spend takes work off what the limit leaves.
func (r *reader) spend(n int) error {
	if r.work += n; r.work > maxWork {
		return fmt.Errorf("addresses of more than %d bytes together", maxWork)
	}
	return nil
}

// add takes a rendition.
func (r *reader) add(name string, items []Item) {
	unique := name
	for n := 2; r.names[unique]; n++ {
		unique = fmt.Sprintf("%s#%d", name, n)
	}
	r.names[unique] = true
	r.out.Renditions = append(r.out.Renditions, Rendition{unique, items})
}

// count takes n segments off what the limit leaves.
func (r *reader) count(n int64) error {
	if n < 0 || n > int64(MaxItems-r.items) {
		return fmt.Errorf("more than %d segments", MaxItems)
	}
	r.items += int(n)
	return nil
}

func (r *reader) unread(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, have := range r.out.Unread {
		if have == text {
			return
		}
	}
	switch n := len(r.out.Unread); {
	case n < maxUnread:
		r.out.Unread = append(r.out.Unread, text)
	case n == maxUnread:
		r.out.Unread = append(r.out.Unread, "and more that is not listed here")
	}
}

// resolve is a reference in a file or under a base address: the part of the base up to its last slash, and the
// reference. RFC 3986, 5.2, without anything but relative paths. The result may still lead out of the folder: see
// inside.
func resolve(base, ref string) (string, error) {
	if len(ref) > maxAddress {
		return "", fmt.Errorf("an address of %d bytes; the limit is %d", len(ref), maxAddress)
	}
	u, err := url.Parse(ref)
	switch {
	case err != nil:
		return "", fmt.Errorf("%.100q is no address of a file", ref)
	case u.Scheme != "" || u.Host != "" || u.Opaque != "" || u.User != nil || strings.HasPrefix(ref, "//"):
		return "", fmt.Errorf("%.100q is an address on the network, and nothing is fetched", ref)
	case strings.HasPrefix(u.Path, "/"):
		return "", fmt.Errorf("%.100q is no path below the playlist's folder", ref)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("%.100q has a query or a fragment, which no file has", ref)
	case u.Path == "":
		return base, nil
	}
	return base[:strings.LastIndexByte(base, '/')+1] + u.Path, nil
}

// inside makes a resolved reference a path below the playlist's folder.
func inside(p string) (string, error) {
	for _, c := range p {
		if c < ' ' || c == 0x7f || c == '\\' {
			return "", fmt.Errorf("%.100q holds a character that no path may have", p)
		}
	}
	clean := path.Clean(p)
	switch {
	case len(clean) > MaxPath:
		return "", fmt.Errorf("a path of %d bytes; the limit is %d", len(clean), MaxPath)
	case !utf8.ValidString(p):
		return "", fmt.Errorf("%.100q is no UTF-8 text", p)
	case clean == "." || strings.HasSuffix(p, "/"):
		return "", fmt.Errorf("%.100q names no file", p)
	case !filepath.IsLocal(filepath.FromSlash(clean)):
		return "", fmt.Errorf("%.100q leads out of the playlist's folder", p)
	}
	return clean, nil
}

// ref is both: the path of a reference in a file.
func (r *reader) ref(base, ref string) (string, error) {
	if err := r.spend(1 + len(base) + len(ref)); err != nil {
		return "", err
	}
	p, err := resolve(base, ref)
	if err != nil {
		return "", err
	}
	return inside(p)
}
