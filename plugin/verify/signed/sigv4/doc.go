// Package sigv4 reads requests that are signed with AWS Signature Version 4, in the
// Authorization header or presigned in the query.
//
// In: a request's headers. Out: one claim for the frame. Spec: AWS Identity and Access
// Management User Guide, "Create a signed AWS API request"; Amazon S3 API Reference,
// "Authenticating Requests". The signer's keys are those of the configuration, never AWS'
// own. Stricter than AWS: what is signed stands once, names are sorted and in lower case,
// header and query are not both taken, and an x-amz- header that is not signed is refused.
// Payloads in signed chunks (aws-chunked) are not supported and refused.
package sigv4
