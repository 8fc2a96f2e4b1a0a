/** What helps, by what Kubernetes says; the first that matches. Sentences as of 1.30 to 1.34. */
const remedies: readonly (readonly [said: RegExp, remedy: string])[] = [
  [/being terminated/, "wait: the namespace is being deleted"],
  [
    /exceeded quota|failed quota/,
    "raise the ResourceQuota that it names, free some of it, or set smaller spec.resources",
  ],
  [
    /violates PodSecurity/,
    "raise the namespace's label pod-security.kubernetes.io/enforce, or take out of the spec what it names",
  ],
  [
    /(maximum|minimum) .* usage per|max limit to request ratio/,
    "set spec.resources within the namespace's LimitRange, or change that",
  ],
  [
    /admission webhook|calling webhook|ValidatingAdmissionPolicy/,
    "change what the policy or webhook objects to, make an exception in it, or repair it if it does not answer",
  ],
  [/cannot [a-z]+ resource/, "give the operator this right: upgrade its Helm release, or add it to its role"],
  [
    /unbound immediate PersistentVolumeClaims|ProvisioningFailed|FailedBinding|storageclass\S* "[^"]*" not found/,
    "make the storage class, provisioner or volume that is wanting: kubectl describe persistentvolumeclaim",
  ],
  [/Insufficient |Too many pods/, "add nodes, or set smaller spec.resources"],
  [
    /didn't match Pod's node affinity|didn't match pod (anti-)?affinity|untolerated taint|topology spread|unschedulable/,
    "add, label or uncordon nodes, or change spec.scheduling",
  ],
  [
    /ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull/,
    "correct spec.version or spec.image, add spec.imagePullSecrets, or push the image",
  ],
  [/CrashLoopBackOff/, "read why the engine ended: kubectl logs --previous"],
  [/is invalid/, "correct the field of the spec that it names"],
];

/** @returns undefined for a sentence that is not known. */
export function remedyFor(said: string): string | undefined {
  return remedies.find(([pattern]) => pattern.test(said))?.[1];
}

/** The remedies of several sentences, each once. */
export function remediesFor(said: readonly string[], otherwise: string): string {
  const all = said.map((each) => remedyFor(each) ?? otherwise);
  return [...new Set(all)].join("; ");
}
