package consentry

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/consentry/consentry/internal/weblink"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// maxFetchStore is the largest store that is fetched: what the library reads of one.
const maxFetchStore = 64 << 20

// Who may name a manifest elsewhere.
const (
	theFile       = "the file"
	theLinkHeader = "the Link header"
)

// relManifest is the relation type of a manifest store in a Link header. C2PA 2.5, 11.8.
const relManifest = "c2pa-manifest"

// readLinkHeader finds the one manifest that the server named for the file. A value that can be read in more than one
// way names none, and the report says so. C2PA 2.5, 11.8 and 14.5.3.
func (r *run) readLinkHeader() {
	if r.asset.LinkHeader == "" {
		return
	}
	const what = "remote manifest"
	links, err := weblink.Parse(r.asset.LinkHeader)
	if err != nil {
		r.notChecked(what, "the Link header cannot be read: "+err.Error())
		return
	}
	named, others := map[string]bool{}, 0
	for _, l := range links {
		switch {
		case !l.Is(relManifest):
		case l.Anchored:
			others++
		default:
			named[l.Target] = true
			r.linked = l.Target
		}
	}
	if others > 0 {
		r.notChecked(what, "the Link header names a manifest of something else than this file (anchor): it is left out")
	}
	switch {
	case len(named) > 1:
		r.notChecked(what, fmt.Sprintf("the Link header names %d manifests, and not which one counts: none is fetched", len(named)))
		r.linked = ""
	case len(named) == 0 && others == 0:
		r.notChecked(what, "the Link header names no manifest (rel=\""+relManifest+"\")")
	}
	r.out.Provenance.Link = optional(r.linked)
}

// remoteStore gets the store at an address that the file's XMP names, or the Link header, if the user allows the network and there is no other. nil: there
// is none; the report says why. A store that is documented and cannot be had is a failure, and never "no provenance".
// C2PA 2.5, 14.5.
func (r *run) remoteStore(ctx context.Context, at, who string) ([]byte, error) {
	address, fragment, _ := strings.Cut(at, "#")
	const what = "remote manifest"
	u, err := url.Parse(address)
	switch {
	case who == theFile && strings.HasPrefix(at, ownStore):
		r.notChecked(what, "the file says that it carries a manifest itself, and there is none in it: it may have been taken out")
		return nil, nil
	case who == theLinkHeader && err == nil && u.Scheme == "":
		r.notChecked(what, "the Link header names a manifest by a relative address, and where the file came from is not known: nothing is fetched")
		return nil, nil
	case err != nil || u.Host == "" || u.Scheme != "https":
		// What writers of older versions put there is often a path inside the file itself.
		r.notChecked(what, who+" names a manifest elsewhere, and not by an https address: nothing is fetched")
		return nil, nil
	case r.v.Fetch == nil:
		r.notChecked(what, who+" names a manifest elsewhere; it is not fetched without leave to use the network (--fetch)")
		return nil, nil
	}
	body, why, err := r.get(ctx, address, "manifest", maxFetchStore)
	if err != nil {
		return nil, err
	}
	if why == "" && strings.HasPrefix(fragment, "jumbf=") {
		body, why, err = r.storeOf(ctx, body)
		if err != nil {
			return nil, err
		}
	}
	if why == "" && len(body) == 0 {
		why = "the answer is empty"
	}
	if why != "" {
		r.find(report.Newf("manifest.inaccessible", "", "%s names a manifest at %q, and it could not be had: %s", who, address, why))
		r.needs(what, "it could not be had: "+why)
		return nil, nil
	}
	return body, nil
}

// storeOf takes the store out of a fetched asset: an address with a fragment "jumbf=…" names an asset that has one. Which
// manifest the fragment names is not asked. C2PA 2.5, 11.8.
func (r *run) storeOf(ctx context.Context, asset []byte) (store []byte, why string, err error) {
	l, err := manifest.Locate(ctx, bytes.NewReader(asset), int64(len(asset)), r.v.Limits.Manifest)
	switch {
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case err != nil:
		return nil, fmt.Sprintf("what lies there cannot be read: %v", err), nil
	case l.Store == nil || l.Multiple || l.Malformed:
		return nil, "the asset that lies there has no manifest store that can be read", nil
	}
	return l.Store, "", nil
}

// liveManifests gets the manifests of live streams that statements about segments name, if the user allows the network.
// The address is the file's choice: what may be asked at all is up to [Fetcher]. C2PA 2.5, 15.8.3.
func (r *run) liveManifests() func(context.Context, string, int64) ([]byte, string, error) {
	if r.v.Fetch == nil {
		return nil
	}
	return func(ctx context.Context, address string, most int64) (body []byte, why string, err error) {
		address, _, _ = strings.Cut(address, "#")
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" {
			return nil, "it is no https address", nil
		}
		return r.get(ctx, address, "manifest", most)
	}
}
