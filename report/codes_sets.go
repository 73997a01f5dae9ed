package report

// setCodes are those of C2PA 2.5, Appendix D about assets of several parts or files.
var setCodes = []Code{
	{"assertion.collectionHash.match", Success, "every file that the manifest lists matches", "C2PA 2.5, 14.12.5", ""},
	{"assertion.multiAssetHash.match", Success, "every part of the file matches its own content hash", "C2PA 2.5, 14.12.4", ""},
	{"livevideo.assertion.invalid", Failure, "a segment's manifest does not fit the one before it", "C2PA 2.5, 15.8.2", "The stream was repeated, rearranged or mixed with another; ask for a recording of the original."},
	{"livevideo.continuityMethod.invalid", Failure, "how a segment follows the one before it is not said, or not known", "C2PA 2.5, 15.8.2", "The order of the segments cannot be relied on; tell the maker of the stream."},
	{"livevideo.init.invalid", Failure, "the initialization segment of a live stream breaks the rules", "C2PA 2.5, 15.8.1", "Ask for a recording with its own initialization segment."},
	{"livevideo.manifest.invalid", Failure, "the manifest of a segment does not hold", "C2PA 2.5, 15.8.1", "The report names the segments; ask for a recording of the original."},
	{"livevideo.segment.invalid", Failure, "a segment of a live stream is not as it was signed, or stands in the wrong place", "C2PA 2.5, 15.8.3", "The report names the segments; ask for a recording of the original."},
	{"livevideo.sessionkey.invalid", Failure, "a key that signs segments does not belong to the stream's signer", "C2PA 2.5, 15.8.3", "Segments under that key cannot be relied on; tell the maker of the stream."},
	{"assertion.collectionHash.incorrectFileCount", Failure, "a file that the manifest lists is not there", "C2PA 2.5, 14.12.5", "Ask for the whole folder; the report names the files."},
	{"assertion.collectionHash.invalidURI", Failure, "the content hash names a file outside its folder", "C2PA 2.5, 14.12.5", "The signing tool breaks the rules, or somebody tries to have another file read; ask for the original."},
	{"assertion.collectionHash.malformed", Failure, "the content hash assertion breaks the rules", "C2PA 2.5, 14.12.5", "The manifest binds nothing that can be checked; ask for the original."},
	{"assertion.collectionHash.mismatch", Failure, "a file was changed after it was signed", "C2PA 2.5, 14.12.5", "Ask for the original; the report names the files."},
	{"assertion.multiAssetHash.malformed", Failure, "the hash of the file's parts breaks the rules", "C2PA 2.5, 14.12.4", "The file binds nothing that can be checked; ask for the original."},
	{"assertion.multiAssetHash.mismatch", Failure, "a part of the file was changed after it was signed", "C2PA 2.5, 14.12.4", "Ask for the original; the explanation says which part."},
	{"assertion.multiAssetHash.missingPart", Failure, "a part of the file was taken out", "C2PA 2.5, 14.12.4", "Ask for the whole file: the part that is gone may not be left out."},
}
