package report

// softBindingCodes are those about fingerprints and about marks that a manifest declares. None changes what holds of the
// manifest: a soft binding finds content, it never binds it. C2PA 2.5, 16.3.7.
var softBindingCodes = []Code{
	{"softBinding.match", Success, "the declared fingerprint is that of this clip", "IEP-0020, Soft Binding Verification", ""},
	{"softBinding.weak", Informational, "the clip is alike to what the declared fingerprint was made of, and no more", "IEP-0020, Soft Binding Verification", "Between 31 and 60 bits differ: a crop, a cut, or another clip of the same scene. Look at both."},
	{"softBinding.mismatch", Informational, "the declared fingerprint is of another clip", "IEP-0020, Soft Binding Verification", "The manifest may come from another clip; trust the content hash, and ask the publisher."},
	{"softBinding.unusable", Informational, "a soft binding whose value cannot be compared", "C2PA 2.5, 16.3.7", "It is neither a match nor a mismatch; ask the publisher to write 256-bit units as bytes."},
	{"softBinding.textValue", Informational, "a soft binding's value is text where bytes are prescribed", "C2PA 2.5, 16.3.7", "It was read all the same; tell the publisher."},
	{"softBinding.present", Success, "the declared mark is in the picture", "C2PA 2.5, 16.3.7", ""},
	{"softBinding.absent", Informational, "the declared mark was not found", "C2PA 2.5, 16.3.7", "It may have been lost in encoding, or the manifest belongs to another clip."},
	{"softBinding.otherMessage", Informational, "the clip carries another message than its manifest declares", "C2PA 2.5, 16.3.7", "Manifest and picture contradict each other: ask the publisher which is right."},
	{"softBinding.undeclared", Informational, "a mark in the picture that the manifest does not name", "C2PA 2.5, 16.3.7", "Somebody marked the picture before it was signed, or did not say so."},
	{"softBinding.unknownAlgorithm", Informational, "a soft binding by an algorithm that is on no list known here", "C2PA 2.5, 16.3.7", "The list grows each month: a newer version may know it."},
	{"softBinding.deprecated", Informational, "a soft binding by an algorithm that its list deprecates", "C2PA 2.5, 16.3.7", "It is not resolved; ask the publisher for a current one."},
	{"softBinding.claimed", Informational, "a mark that the manifest speaks of and that nobody can check here", "C2PA 2.5, 16.4.1", "A sentence is all the evidence there is; only the vendor's own detector can tell."},
	{"softBinding.found", Informational, "a resolver knows a manifest for a clip that looks like this one", "C2PA 2.5, 16.3.7", "Found by look-alike, not bound: compare the two clips, and ask the publisher for the original."},
	{"softBinding.foundInconsistent", Informational, "a resolver gave a manifest that does not declare what it was found by", "C2PA 2.5, 16.3.7.5.1", "It is the resolver's word alone; do not rely on it."},
	{"softBinding.foundHash", Informational, "the content hash of a manifest that was found matches this file", "C2PA 2.5, 14.12.2", "The file may have lost this very manifest: get it from the publisher and judge by it (--manifest FILE)."},
	{"fingerprint.lowInformation", Informational, "the fingerprint rests on hardly anything", "consentry", "Stills and flat pictures have fingerprints alike to each other's: a match means little."},
}
