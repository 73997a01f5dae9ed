package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"runtime"
	"strings"
	"sync"

	"github.com/consentry/consentry/internal/hashplan"
	"github.com/consentry/consentry/report"
)

// Status codes of the collection hash. C2PA 2.5, 14.12.5.
const (
	codeCollectionMatch     = "assertion.collectionHash.match"
	codeCollectionMismatch  = "assertion.collectionHash.mismatch"
	codeCollectionMalformed = "assertion.collectionHash.malformed"
	codeCollectionURI       = "assertion.collectionHash.invalidURI"
	codeCollectionCount     = "assertion.collectionHash.incorrectFileCount"
)

// maxCollection bounds the files of a collection, as those of a set are.
const maxCollection = 100_000

// collectionMap is the map of a collection hash assertion:
//
//	collection-data-hash-map = { uris: [1* { uri: tstr, hash: bstr, ? size: uint, ? dc:format: tstr, ? data_types }],
//	                             alg: tstr, ? zip_central_directory_hash: bstr }
//
// C2PA 2.5, 16.3.4.
type collectionMap struct {
	URIs collectionEntries `cbor:"uris"`
	Alg  *string           `cbor:"alg"`
	Zip  []byte            `cbor:"zip_central_directory_hash"`
}

type collectionEntry struct {
	URI  *string `cbor:"uri"`
	Hash []byte  `cbor:"hash"`
	Size *int64  `cbor:"size"`

	path string
}

type collectionEntries []collectionEntry

// UnmarshalCBOR counts the entries while it reads them.
func (l *collectionEntries) UnmarshalCBOR(b []byte) error {
	return decodeList(b, maxCollection, (*[]collectionEntry)(l))
}

// collectionPath makes a uri a path below the folder. C2PA 2.5, 14.12.5: no segment may be "." or "..", which is held
// against the uri as written and as decoded.
func collectionPath(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", errors.New("it is no URI")
	}
	if u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" || strings.HasPrefix(u.Path, "/") {
		return "", errors.New("it leads elsewhere than to a file of the folder")
	}
	// No empty segment either, and none of the two that are to be refused.
	if !fs.ValidPath(u.Path) || u.Path == "." || strings.ContainsAny(u.Path, "\\\x00") {
		return "", errors.New("it holds a segment that no path may have")
	}
	return u.Path, nil
}

// collectionCheck is one run of checkCollection.
type collectionCheck struct {
	*spanCheck
	m    collectionMap
	rows []PartBinding
	have []int64    // bytes of each file that is there
	mu   sync.Mutex // for Bound and failed
}

// checkCollection holds a c2pa.hash.collection.data assertion against a folder: every file that it lists, by name.
// Files that it does not list are bound by nothing. An error means I/O or cancellation. C2PA 2.5, 14.12.5.
func checkCollection(ctx context.Context, c *Content, a *hardBinding) (*Binding, error) {
	k := &collectionCheck{spanCheck: &spanCheck{ctx: ctx, c: c, uri: a.uri, mismatchCode: codeCollectionMismatch, malformedCode: codeCollectionMalformed, b: &Binding{Label: a.label}}}
	if err := bindingCBOR.Unmarshal(a.payload, &k.m); err != nil {
		k.malformed("the content hash breaks the rules: %v", err)
		return k.b, nil
	}
	if !k.entries() {
		return k.b, nil
	}
	alg := a.alg
	if k.m.Alg != nil {
		alg = *k.m.Alg
	}
	switch {
	case !k.algorithm(alg):
		return k.b, nil
	case k.m.Zip != nil:
		k.b.NotSupported = "not supported yet: a collection in a ZIP archive"
	case c.Folder == nil:
		k.b.NotSupported = "the manifest is for a folder of files, and one file was given: name the folder or its playlist"
	}
	if k.b.NotSupported != "" {
		k.b.State = BindingUnknown
		return k.b, nil
	}
	if err := k.files(); err != nil {
		return nil, err
	}
	k.judge()
	return k.b, nil
}

// entries holds the list against the rules.
func (k *collectionCheck) entries() bool {
	if len(k.m.URIs) == 0 {
		k.malformed("uris are missing or empty")
		return false
	}
	seen := map[string]bool{}
	for i := range k.m.URIs {
		e := &k.m.URIs[i]
		if e.URI == nil || len(e.Hash) == 0 || e.Size != nil && *e.Size < 0 {
			k.malformed("uris[%d]: uri or hash is missing, or size is negative", i)
			return false
		}
		var err error
		if e.path, err = collectionPath(*e.URI); err != nil {
			k.fail(codeCollectionURI, "uris[%d], %.200q: %v", i, *e.URI, err)
			k.b.State = BindingNotBound
			return false
		}
		if seen[e.path] {
			k.malformed("uris[%d]: %.200q stands twice", i, *e.URI)
			return false
		}
		seen[e.path] = true
	}
	return true
}

// files hashes the files that are listed, one a core.
func (k *collectionCheck) files() error {
	k.rows, k.have = make([]PartBinding, len(k.m.URIs)), make([]int64, len(k.m.URIs))
	ctx, stop := context.WithCancelCause(k.ctx)
	defer stop(nil)
	next := make(chan int)
	var wait sync.WaitGroup
	for range min(len(k.rows), runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := range next {
				if err := k.file(ctx, i); err != nil {
					stop(fmt.Errorf("%q: %w", k.m.URIs[i].path, err))
				}
			}
		})
	}
	for i := range k.rows {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wait.Wait()
	return context.Cause(ctx)
}

func (k *collectionCheck) file(ctx context.Context, i int) error {
	e := &k.m.URIs[i]
	r := &k.rows[i]
	*r = PartBinding{Name: e.path, State: BindingIntact, Location: -1, UniqueID: -1, LocalID: -1}
	data, size, err := k.c.Folder.Open(e.path)
	if err != nil {
		return err
	}
	k.have[i] = size
	switch {
	case data == nil:
		r.State, r.Why = PartMissing, "missing: the file is not there"
		return nil
	case e.Size != nil && *e.Size != size:
		r.State, r.Why = BindingAltered, fmt.Sprintf("it has %d bytes, signed were %d", size, *e.Size)
		return nil
	}
	var p hashplan.Plan
	p.Add(0, size)
	sum, err := p.Sum(ctx, data, size, k.newHash())
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.b.Bound += size
	k.digest(e.path, k.b.Algs[0], sum, e.Hash)
	if !bytes.Equal(sum, e.Hash) {
		r.State, r.Why = BindingAltered, "its hash is not the one that was signed"
	}
	return nil
}

// judge turns the rows into findings.
func (k *collectionCheck) judge() {
	listed := map[string]bool{}
	gone, bad, firstGone, firstBad := 0, 0, "", ""
	for i, r := range k.rows {
		listed[r.Name] = true
		switch r.State {
		case PartMissing:
			if gone++; gone == 1 {
				firstGone = r.Name
			}
		case BindingAltered:
			if bad++; bad == 1 {
				firstBad = fmt.Sprintf("%q: %s", r.Name, r.Why)
			}
			k.b.Damage = append(k.b.Damage, report.Damage{Where: r.Name, Length: k.have[i]})
		}
	}
	added, firstAdded := 0, ""
	for _, name := range k.c.Folder.Names {
		if listed[name] {
			continue
		}
		if added++; added == 1 {
			firstAdded = name
		}
		if added <= maxMissingRows {
			k.rows = append(k.rows, PartBinding{Name: name, State: PartAdded, Why: "added: the manifest does not list it", Location: -1, UniqueID: -1, LocalID: -1})
		}
	}
	k.b.Parts = k.rows
	if added > 0 {
		k.partial = append(k.partial, fmt.Sprintf("%d files of the folder are not among those that were signed; the first is %q", added, firstAdded))
	}
	if bad > 0 {
		k.mismatch("%d of %d files are not as signed; %s", bad, len(k.m.URIs), firstBad)
	}
	if gone > 0 {
		k.fail(codeCollectionCount, "%d of %d files are not there; the first is %q", gone, len(k.m.URIs), firstGone)
		k.b.State = BindingAltered
	}
	k.report("")
	if k.b.State == "" {
		k.match(codeCollectionMatch)
	}
}
