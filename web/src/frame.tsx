// What stands around every screen: the session gate, banners, navigation, the Why? drawer.
import { ActionIcon, Button, useMantineColorScheme, useComputedColorScheme } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { hub } from './api/client';
import type { Session } from './api/contract';
import { LiveProvider, useLive, useStatus } from './live';
import { Problem, Waiting } from './parts/answers';
import { Icon } from './parts/icon';
import { SetupScreen, SignInScreen } from './screens/entry';
import { timeText } from './text/format';
import { WhyDrawer } from './why/drawer';

const places = [
  { to: '/value', name: 'Value', icon: 'value' },
  { to: '/assets', name: 'Assets', icon: 'assets' },
  { to: '/orders', name: 'Work', icon: 'work' },
  { to: '/releases', name: 'Releases', icon: 'releases' },
  { to: '/plant', name: 'Plant', icon: 'plant' },
] as const;

export function Frame() {
  return (
    <LiveProvider>
      <Banners />
      <Gate />
    </LiveProvider>
  );
}

function Gate() {
  const { silent } = useLive();
  const session = useQuery({ queryKey: ['session'], queryFn: hub.session, staleTime: 60_000 });
  if (session.isPending) return <Waiting what="the hub" />;
  if (session.isError) return <main className="entry"><Problem error={session.error} retry={() => void session.refetch()} /></main>;
  if (session.data.setup_required) return <SetupScreen />;
  if (session.data.user == null) return <SignInScreen />;
  return (
    <>
      <Header user={session.data.user} roles={session.data.roles} />
      <main className={`screen ${silent ? 'silent' : ''}`} id="main">
        <Outlet />
      </main>
      <nav className="tabs" aria-label="Screens">
        {places.map((place) => (
          <Link key={place.to} to={place.to} className="tab" activeProps={{ 'aria-current': 'page' }}>
            <Icon name={place.icon} />
            {place.name}
          </Link>
        ))}
      </nav>
      <WhyDrawer />
    </>
  );
}

function Header({ user, roles }: { user: string; roles: string[] }) {
  const client = useQueryClient();
  const status = useStatus().data;
  const { silent } = useLive();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const link = silent || !status ? 'unknown' : status.online ? 'good' : 'bad';
  const linkText = silent || !status ? 'hub silent' : status.online ? 'live' : 'broker away';
  const signOut = async () => {
    await hub.signOut().catch(() => undefined);
    // Nothing that this person saw stays for the next one.
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' && query.queryKey[0] !== 'status' });
    await client.invalidateQueries({ queryKey: ['session'] });
  };
  return (
    <header className="head">
      <a className="skip" href="#main">Skip to content</a>
      <Link to="/value" className="brand" aria-label="Millwright, to the first screen">
        <img src="/static/icon.svg" alt="" width="22" height="22" />
        <span>Millwright</span>
      </Link>
      <nav className="places" aria-label="Screens">
        {places.map((place) => (
          <Link key={place.to} to={place.to} className="place" activeProps={{ 'aria-current': 'page' }}>
            {place.name}
          </Link>
        ))}
      </nav>
      <span className="grow" />
      <span className={`mark ${link} small`} role="status">{linkText}</span>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={scheme === 'dark' ? 'Light colours' : 'Dark colours'}
        onClick={() => setColorScheme(scheme === 'dark' ? 'light' : 'dark')}>
        <Icon name={scheme === 'dark' ? 'sun' : 'moon'} />
      </ActionIcon>
      <span className="quiet who" title={roles.join(', ')}>{user}</span>
      <Button variant="default" size="compact-sm" fw={500} onClick={() => void signOut()}>Sign out</Button>
    </header>
  );
}

function Banners() {
  const status = useStatus().data;
  const { silent, heard } = useLive();
  const client = useQueryClient();
  // Before the sign-in the hub may keep its events to itself: its silence says nothing then.
  const signed_in = client.getQueryData<Session>(['session'])?.user != null;
  return (
    <div className="banners">
      {status?.simulated && (
        <div className="banner simulated" role="note">
          <b>Simulated input</b><span>: these values come from no machine</span>
        </div>
      )}
      {silent && signed_in && (
        <div className="banner stale" role="alert">
          The hub does not answer. {heard ? `What you see is from ${timeText(new Date(heard).toISOString())}.` : ''}
        </div>
      )}
    </div>
  );
}
