package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/consentry/consentry/manifest"
)

// File makes a manifest for the file in and writes the signed file to out, replacing what is there; in and out may be
// one file. Where the error is not nil nothing was changed. The error is a *[RefusedError] where the input or the
// finished file is at fault.
func File(ctx context.Context, in, out string, req Request) (*Made, error) {
	info, err := os.Stat(in) // to open a pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, refuse(fmt.Sprintf("%q is no regular file", in), "")
	}
	src, err := os.Open(in)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	if info, err = src.Stat(); err != nil {
		return nil, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(out), ".consentry-*")
	if err != nil {
		return nil, err
	}
	keep := false
	defer func() {
		_ = tmp.Close()
		if !keep {
			_ = os.Remove(tmp.Name())
		}
	}()
	made, err := Embed(ctx, src, info.Size(), tmp, req)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(tmp.Chmod(info.Mode().Perm()|0o200), tmp.Sync(), tmp.Close()); err != nil {
		return nil, err
	}
	if err := os.Rename(tmp.Name(), out); err != nil {
		return nil, err
	}
	keep = true
	return made, nil
}

// Output is where a file is written to and read back from; *os.File is one.
type Output interface {
	io.ReaderAt
	io.WriterAt
}

// Embed is [File] over readers: it writes the signed file to out, reads it back, and returns an error where the
// verifier does not accept it. Whatever an error leaves in out is to be thrown away.
func Embed(ctx context.Context, in io.ReaderAt, size int64, out Output, req Request) (*Made, error) {
	loc, err := manifest.Locate(ctx, in, size, manifest.Limits{})
	if err != nil {
		return nil, err
	}
	if loc.File == nil {
		what := loc.NotSupported
		if what == "" {
			what = "this is no MP4 or QuickTime file"
		}
		return nil, refuse(what, "only MP4 and QuickTime files are signed")
	}
	old, err := readParent(ctx, in, size, loc, &req)
	if err != nil {
		return nil, err
	}
	d, err := newDraft(&req, mediaType(loc.Container), old)
	if err != nil {
		return nil, err
	}
	blank, err := blankContent(loc.File, req.Block)
	if err != nil {
		return nil, err
	}
	room, err := d.size(ctx, blank)
	if err != nil {
		return nil, err
	}
	if room > maxStore {
		return nil, refuse(fmt.Sprintf("the manifest store would have %d bytes; up to %d are written", room, int64(maxStore)), "")
	}
	l, err := plan(in, loc.File, room, req.Block > 0)
	if err != nil {
		return nil, err
	}
	bound, err := l.write(ctx, in, out, req.Block)
	if err != nil {
		return nil, err
	}
	store, err := d.store(bound, req.sign(ctx))
	if err != nil {
		return nil, err
	}
	box, err := storeBox(store, room)
	if err != nil {
		return nil, err
	}
	if _, err := out.WriteAt(box, l.pieces[l.store].at); err != nil {
		return nil, err
	}
	last := l.pieces[len(l.pieces)-1]
	made := &Made{Label: d.label, Parent: old.label(), Size: last.at + last.size}
	made.Result, err = check(ctx, out, made.Size, &req)
	return made, err
}

// maxStore bounds the store that is written: what readers commonly take, with room to spare below 32-bit box sizes.
const maxStore = 64 << 20

// check reads the finished file back, and judges it as anybody would.
func check(ctx context.Context, r io.ReaderAt, size int64, req *Request) (*manifest.Result, error) {
	loc, err := manifest.Locate(ctx, r, size, manifest.Limits{})
	if err != nil {
		return nil, err
	}
	if loc.Store == nil {
		return nil, refuse("the finished file is not accepted by our own verifier: it finds no manifest store", "this is a bug; please report it with the file")
	}
	store, err := manifest.Parse(loc.Store, loc.Update, manifest.Limits{})
	if err != nil {
		return nil, refuse(fmt.Sprintf("the finished file is not accepted by our own verifier: %v", err), "this is a bug; please report it with the file")
	}
	res, err := store.Validate(ctx, &manifest.Content{Data: r, Size: size, Located: loc}, manifest.Options{Trust: req.Trust, Now: req.Now})
	if err != nil {
		return nil, err
	}
	return res, acceptable(res, req.Trust)
}

// mediaType is the media type of a container, for the ingredient's dc:format.
func mediaType(container string) string {
	switch container {
	case "mov":
		return "video/quicktime"
	case "m4a":
		return "audio/mp4"
	case "3gp":
		return "video/3gpp"
	}
	return "video/mp4"
}
