package report

// ownCodes are the codes about the container and the trust lists.
var ownCodes = []Code{
	{"asset.truncated", Failure, "the file ends before its container does", "ISO/IEC 14496-12, 4.2", "Ask for the complete file."},
	{"asset.malformed", Failure, "the container cannot be walked to its end", "ISO/IEC 14496-12, 4.2", "Ask for the original file."},
	{"asset.multipleStores", Failure, "more than one manifest store: none is judged", "C2PA 2.5, 14.5.2.1", "Ask for the original file: a second store is how a history is exchanged."},
	{"asset.changed", Failure, "the file changed while it was read", "consentry", "Verify it again once nothing writes to it."},
	{"asset.unboundTrack", Informational, "a track or sample lies outside the bound ranges", "C2PA 2.5, 14.12.2", "That part could have been exchanged; look at it with \"inspect --hash\"."},
	{"asset.partiallyBound", Informational, "only part of the content is bound", "C2PA 2.5, 16.3.2", "What is not bound could have been exchanged; look at it with \"inspect --hash\"."},
	{"asset.externalData", Informational, "the file names media outside itself; it was not read", "ISO/IEC 14496-12, 8.7.2", "What plays may not be what was signed; ask for a file that holds its media."},
	{"asset.trackMismatch", Informational, "the decoder and the container's index disagree about the tracks", "C2PA 2.5, 14.12.2", "The picture that plays may not be the one that was bound; look at it with inspect."},
	{"asset.trailingBytes", Informational, "bytes after the last box", "ISO/IEC 14496-12, 4.2", "Harmless in most files; look at them with \"inspect\"."},
	{"asset.hiddenMedia", Informational, "an edit list shows part of the media nowhere", "ISO/IEC 14496-12, 8.6.6", "What is hidden is not looked at, and players that ignore edit lists show it; see docs/decisions/edit-lists.md."},
	{"asset.unreadBox", Informational, "a C2PA box beside the manifest's own was not read", "C2PA 2.5, A.5.1.2", "Its purpose or version is not known; the other box counts."},
	{"asset.boxesMoved", Informational, "a manifest box stands where the specification does not put it", "C2PA 2.5, A.5.2", "Some tools move boxes; what was signed was found all the same."},
	{"trust.legacyList", Informational, "the signer or authority is on the frozen interim list only", "consentry", "The interim list ended; ask the publisher for a current credential."},
	{"trust.productContainer", Informational, "the product that signed is not listed for this kind of file", "C2PA conformance programme 0.2", "The list may be older than the product's version; ask its maker if it matters."},
	{"trust.productSignal", Informational, "the product that signed may not say what this file says of its origin", "C2PA conformance programme 0.2", "Do not rely on what the file says of how it was made; ask its publisher."},
	{"trust.productUnknown", Informational, "the certificate names a product that the list of conforming products lacks", "C2PA conformance programme 0.2", "The list may be too old: renew it with \"consentry trust update\"."},
	{"trust.productWithdrawn", Informational, "the product that signed does not conform any more", "C2PA conformance programme 0.2", "What it signs may not be made with the care that the programme asks for; ask the publisher."},
	{"trust.revocationUnsettled", Informational, "more responses about revocation than are looked at, and none that settles it", "consentry", "One that was left may say revoked: allow the responder to be asked with --fetch, or ask the publisher."},
	{"trust.stale", Informational, "a trust list is past its date of renewal", "consentry", "Update consentry, or name a current list with --trust."},
}
