// Sign-in, and the first start: as long as no user exists, the first one is made here.
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { hub } from '../api/client';
import { Problem } from '../parts/answers';

function Sheet({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  return (
    <main className="entry">
      <div className="brand"><img src="/static/icon.svg" alt="" width="28" height="28" /><span>Millwright</span></div>
      <h1>{title}</h1>
      <p className="quiet">{lead}</p>
      {children}
    </main>
  );
}

export function SignInScreen() {
  const client = useQueryClient();
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const enter = useMutation({ mutationFn: () => hub.signIn(user.trim(), password), onSuccess: () => client.invalidateQueries() });
  return (
    <Sheet title="Sign in" lead="What you do here is recorded under your name.">
      <form onSubmit={(event) => { event.preventDefault(); enter.mutate(); }}>
        <TextInput label="Name" size="md" required withAsterisk={false} autoFocus autoComplete="username" autoCapitalize="none" value={user} onChange={(e) => setUser(e.currentTarget.value)} />
        <PasswordInput label="Password" size="md" required withAsterisk={false} autoComplete="current-password" value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
        {enter.isError && <Problem error={enter.error} />}
        <Button type="submit" size="md" fullWidth loading={enter.isPending}>Sign in</Button>
      </form>
    </Sheet>
  );
}

export function SetupScreen() {
  const client = useQueryClient();
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const differs = again !== '' && again !== password;
  const make = useMutation({
    mutationFn: async () => {
      await hub.setUp(user.trim(), password);
      await hub.signIn(user.trim(), password);
    },
    onSuccess: () => client.invalidateQueries(),
  });
  return (
    <Sheet title="First start" lead="This hub has no user yet. The first one made here may make others; nobody has a password until then.">
      <form onSubmit={(event) => { event.preventDefault(); if (!differs) make.mutate(); }}>
        <TextInput label="Name" description="Letters, digits, dots and dashes" size="md" required withAsterisk={false} autoFocus autoComplete="username" autoCapitalize="none" value={user} onChange={(e) => setUser(e.currentTarget.value)} />
        <PasswordInput label="Password" description="Stored as an argon2id hash, never as text" size="md" required withAsterisk={false} autoComplete="new-password" value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
        <PasswordInput label="Password again" size="md" required withAsterisk={false} autoComplete="new-password" error={differs ? 'The two differ' : undefined} value={again} onChange={(e) => setAgain(e.currentTarget.value)} />
        {make.isError && <Problem error={make.error} />}
        <Button type="submit" size="md" fullWidth loading={make.isPending} disabled={differs}>Make the first user</Button>
      </form>
    </Sheet>
  );
}
