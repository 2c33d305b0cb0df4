// Package aliyun reads requests that are signed as Alibaba Cloud's API gateway and Higress'
// hmac-auth ask for it.
//
// In: a request's headers and, of a form, its body. Out: one claim for the frame. Spec: the
// gateway's documentation of X-Ca-Signature. Signed are the method, Accept, Content-MD5,
// Content-Type, Date, the headers that X-Ca-Signature-Headers lists, the path, and the
// decoded parameters of query and form in order.
//
// That text is not unique, so this is stricter than the gateway: a parameter's name stands
// once in query and form together (the gateway signs the first value, and a second could be
// anything), no name has a '=' or '&' and no value a '&' (a=1%26b=2 would be signed as
// a=1&b=2 is), and a body that is no form needs its Content-MD5. The time and the nonce must be
// listed. Which of query and form a parameter stands in is not signed. Content-MD5 is MD5:
// whoever can choose what a client sends can make two bodies of one digest.
package aliyun
